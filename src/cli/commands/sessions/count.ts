/**
 * `silverback sessions count`.
 *
 * @module
 */

import { command, type Outcome } from '../../lib/command.ts'
import {
  assertListable,
  assertOwnerIndex,
  storeArgs,
  urlArg,
  withStore,
} from '../../sessions/store.ts'

export default command({
  description: 'Count the sessions of a store or an owner, without reading them',
  args: {
    ...urlArg,
    owner: { type: 'string', description: 'Only the sessions of this owner' },
    ...storeArgs,
  },
  async run(args, context): Promise<Outcome> {
    const { owner } = args
    return withStore(args, context, async open => {
      if (owner === undefined) assertListable(open, 'counting')
      else assertOwnerIndex(open)
      const count =
        owner === undefined
          ? await open.store.count({ signal: context.signal })
          : (await open.store.sessionsOf(owner)).length
      return { lines: [String(count)], json: { count } }
    })
  },
})
