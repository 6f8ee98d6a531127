/**
 * `silverback sessions revoke-everything`.
 *
 * @module
 */

import { command, type Outcome } from '../../lib/command.ts'
import { assertCanConfirm, confirmed, yesArg } from '../../lib/confirm.ts'
import { storeArgs, urlArg, withStore } from '../../sessions/store.ts'

export default command({
  description: 'End every session of a store',
  args: { ...urlArg, ...yesArg, ...storeArgs },
  async run(args, context): Promise<Outcome> {
    assertCanConfirm(args, context)
    return withStore(args, context, async ({ url, store }) => {
      await confirmed(`End every session of ${url.label}?`, args, context)
      await store.revokeEverything()
      return { lines: ['Ended every session.'], json: { revoked: 'everything' } }
    })
  },
})
