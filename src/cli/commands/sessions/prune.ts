/**
 * `silverback sessions prune`.
 *
 * @module
 */

import { command, type Outcome } from '../../lib/command.ts'
import { counted } from '../../lib/numbers.ts'
import { storeArgs, urlArg, withStore } from '../../sessions/store.ts'

export default command({
  description: 'Remove expired records, in small batches',
  args: { ...urlArg, ...storeArgs },
  async run(args, context): Promise<Outcome> {
    return withStore(args, context, async ({ url, backend }) => {
      if (!backend.prune) {
        return {
          lines: [`${url.label} removes expired records on its own.`],
          json: { pruned: null },
        }
      }
      const pruned = await backend.prune({ signal: context.signal })
      return { lines: [`Removed ${counted(pruned, 'expired record')}.`], json: { pruned } }
    })
  },
})
