/**
 * Merges the changes of a request into a record that another request has saved meanwhile.
 *
 * @module
 */

import { json } from '../codec/serializers/json.ts'
import { merge } from '../session/merge.ts'
import { hasSameAttributes } from './cookie.ts'
import { type SessionRecord, valuesOf } from './session-records.ts'

/**
 * Returns `theirs` with the changes from `base` to `mine` applied, key by key. If both have appended to a
 * list, the result has the items of both. If both have changed another key, `mine` wins.
 */
export function mergeRecords(
  base: SessionRecord,
  mine: SessionRecord,
  theirs: SessionRecord,
): SessionRecord {
  const [before, now] = [valuesOf(base), valuesOf(mine)]
  const lists = Object.keys(now).filter(key => isLonger(before[key], now[key]))
  const changes = { lists: new Set(lists), increments: new Map(), expired: new Set<string>() }
  const { values } = merge({ base: before, mine: now, theirs: valuesOf(theirs), changes }, json)
  // Every request moves the expiry, so an expiry alone does not count as a change to the cookie.
  const isTheirs =
    hasSameAttributes(base.cookie, mine.cookie) && !hasSameAttributes(base.cookie, theirs.cookie)
  return { values: JSON.stringify(values), cookie: isTheirs ? theirs.cookie : mine.cookie }
}

function isLonger(before: unknown = [], now: unknown): boolean {
  if (!Array.isArray(before) || !Array.isArray(now) || now.length <= before.length) return false
  return JSON.stringify(now.slice(0, before.length)) === JSON.stringify(before)
}
