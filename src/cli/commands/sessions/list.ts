/**
 * `silverback sessions list`.
 *
 * @module
 */

import { command, type Outcome } from '../../lib/command.ts'
import { positiveInteger } from '../../lib/numbers.ts'
import { jsonOf, linesOf, pageOfSessions, unreadable } from '../../sessions/listing.ts'
import {
  assertListable,
  assertOwnerIndex,
  storeArgs,
  urlArg,
  withStore,
} from '../../sessions/store.ts'

export default command({
  description: 'List sessions, a page at a time',
  args: {
    ...urlArg,
    owner: { type: 'string', description: 'Only the sessions of this owner, newest first' },
    limit: { type: 'string', default: '50', description: 'How many sessions to list' },
    cursor: {
      type: 'string',
      description: 'Where to continue: the cursor that was printed after the previous page',
    },
    ...storeArgs,
  },
  async run(args, context): Promise<Outcome> {
    const { owner, cursor } = args
    const limit = positiveInteger('limit', args.limit)
    const { signal, style } = context
    return withStore(args, context, async open => {
      if (owner !== undefined) {
        assertOwnerIndex(open)
        const all = await open.store.sessionsOf(owner)
        const sessions = all.slice(0, limit)
        const rest = all.length - sessions.length
        const more = rest > 0 ? ['', style.dim(`${rest} more; use --limit ${all.length}`)] : []
        return {
          lines: all.length === 0 ? ['No sessions.'] : [...linesOf(sessions, style), ...more],
          json: { sessions: sessions.map(jsonOf), total: all.length },
        }
      }
      assertListable(open, 'listing')
      const { sessions, next, records } = await pageOfSessions(open, { limit, cursor, signal })
      const json = { sessions: sessions.map(jsonOf), ...(next !== undefined && { cursor: next }) }
      if (sessions.length === 0) {
        return { lines: [records > 0 ? unreadable : 'No sessions.'], json }
      }
      const more = next === undefined ? [] : ['', style.dim(`more with --cursor ${next}`)]
      return { lines: [...linesOf(sessions, style), ...more], json }
    })
  },
})
