/**
 * `silverback sessions revoke-all`.
 *
 * @module
 */

import { command, type Outcome } from '../../lib/command.ts'
import { assertCanConfirm, confirmed, yesArg } from '../../lib/confirm.ts'
import { UsageError } from '../../lib/exit-codes.ts'
import { counted } from '../../lib/numbers.ts'
import { printable } from '../../lib/style.ts'
import { assertOwnerIndex, storeArgs, urlArg, withStore } from '../../sessions/store.ts'

export default command({
  description: 'End all sessions of an owner',
  args: {
    ...urlArg,
    owner: { type: 'string', description: 'Whose sessions to end' },
    ...yesArg,
    ...storeArgs,
  },
  async run(args, context): Promise<Outcome> {
    const { owner } = args
    if (!owner) {
      throw new UsageError(
        'The owner is missing. Pass --owner, or use revoke-everything to end every session.',
      )
    }
    assertCanConfirm(args, context)
    return withStore(args, context, async open => {
      assertOwnerIndex(open)
      const { length } = await open.store.sessionsOf(owner)
      await confirmed(`End ${counted(length, 'session')} of ${printable(owner)}?`, args, context)
      const count = await open.store.revokeAll(owner)
      return {
        lines: [`Ended ${counted(count, 'session')} of ${printable(owner)}.`],
        json: { revoked: count },
      }
    })
  },
})
