/**
 * What one request changed in a session, made again on what another saved meanwhile.
 *
 * @module
 */

import { json } from '../codec/serializers/json.ts'
import { merge } from '../session/merge.ts'
import { hasSameAttributes } from './cookie.ts'
import type { SessionRecord } from './session-records.ts'

/**
 * `theirs` with the changes that lead from `base` to `mine`, key by key. Lists that both made longer keep
 * what either added. Of another key that both changed, mine counts.
 */
export function mergeRecords(
  base: SessionRecord,
  mine: SessionRecord,
  theirs: SessionRecord,
): SessionRecord {
  const lists = Object.keys(mine.values).filter(key => isLonger(base.values[key], mine.values[key]))
  const changes = { lists: new Set(lists), increments: new Map(), expired: new Set<string>() }
  const { values } = merge(
    { base: base.values, mine: mine.values, theirs: theirs.values, changes },
    json,
  )
  // The moment moves with every request; only who changed more has a say against the other.
  const isTheirs =
    hasSameAttributes(base.cookie, mine.cookie) && !hasSameAttributes(base.cookie, theirs.cookie)
  return { values, cookie: isTheirs ? theirs.cookie : mine.cookie }
}

function isLonger(before: unknown = [], now: unknown): boolean {
  if (!Array.isArray(before) || !Array.isArray(now) || now.length <= before.length) return false
  return JSON.stringify(now.slice(0, before.length)) === JSON.stringify(before)
}
