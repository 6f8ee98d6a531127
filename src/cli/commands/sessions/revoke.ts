/**
 * `silverback sessions revoke`.
 *
 * @module
 */

import { command, type Outcome } from '../../lib/command.ts'
import { findHandle, shortHandle } from '../../sessions/listing.ts'
import { handleArg, storeArgs, urlArg, withStore } from '../../sessions/store.ts'
import { notFound } from './show.ts'

export default command({
  description: 'End one session',
  args: {
    ...handleArg,
    ...urlArg,
    ...storeArgs,
  },
  takesHandle: true,
  async run(args, context): Promise<Outcome> {
    return withStore(args, context, async open => {
      const handle = await findHandle(args.handle, open, context.signal)
      if (handle === undefined || !(await open.store.revoke(handle))) return notFound(args.handle)
      return { lines: [`Ended session ${shortHandle(handle)}.`], json: { revoked: handle } }
    })
  },
})
