/**
 * Keys with lifetimes of their own, shorter than the session's.
 *
 * @module
 */

import { latin1Text } from '#bytes'
import { json } from '../codec/serializers/json.ts'
import { assertInteger } from '../lib/assert-options.ts'
import { clockSkew } from '../lib/clock.ts'
import { getOwn } from '../lib/plain-object.ts'
import { expiresKey } from './reserved-keys.ts'
import type { KeyStamp, State, Values } from './state.ts'

/** Seconds that keys last after their last change, by key. */
export type KeyLifetimes = ReadonlyMap<string, number>

/** Throws a RangeError, naming the key, for anything but positive integers of seconds. */
export function keyLifetimesOf(lifetimes: Readonly<Record<string, number>>): KeyLifetimes {
  const entries = Object.entries(lifetimes)
  for (const [key, seconds] of entries) assertInteger(`keyLifetimes.${key}`, seconds)
  return new Map(entries)
}

/** Removes expired keys. An expiry beyond lifetime + skew indicates a bad clock; it counts as expired. */
export function dropExpiredKeys(state: State<object>, lifetimes: KeyLifetimes, now: number): void {
  const expiries = expiriesOf(state.values as Values)
  for (const [key, seconds] of lifetimes) {
    const expiry = expiries[key]
    if (expiry === undefined || (expiry > now && expiry <= now + seconds + clockSkew)) continue
    if (Reflect.deleteProperty(state.values, key)) state.noteChanges().expired.add(key)
  }
}

/** Records the keys as they are, to find out at the next save which of them changed. */
export function recordKeys(state: State<object>, lifetimes: KeyLifetimes): void {
  const values = state.values as Values
  const expiries = expiriesOf(values)
  const stamps = new Map<string, KeyStamp>()
  for (const key of lifetimes.keys()) {
    stamps.set(key, { text: textOf(values, key), expiry: expiries[key] })
  }
  state.keyStamps = stamps
}

/** Gives each key that has changed since {@link recordKeys} a new expiry. */
export function stampChangedKeys(state: State<object>, lifetimes: KeyLifetimes, now: number): void {
  const values = state.values as Values
  const expiries: Record<string, number> = {}
  for (const [key, seconds] of lifetimes) {
    if (!Object.hasOwn(values, key)) continue
    const before = state.keyStamps?.get(key)
    const isSame = before !== undefined && textOf(values, key) === before.text
    expiries[key] = (isSame ? before.expiry : undefined) ?? now + seconds
  }
  if (Object.keys(expiries).length > 0) values[expiresKey] = expiries
  else delete values[expiresKey]
  recordKeys(state, lifetimes)
}

function expiriesOf(values: Values): Readonly<Record<string, number>> {
  const expiries = getOwn(values, expiresKey)
  return typeof expiries === 'object' && expiries !== null
    ? (expiries as Record<string, number>)
    : {}
}

/** A value as text, for comparison; undefined if it is missing or cannot be serialized. */
function textOf(values: Values, key: string): string | undefined {
  if (!Object.hasOwn(values, key)) return undefined
  try {
    const bytes = json.serialize({ value: values[key] })
    return latin1Text(bytes, 0, bytes.length)
  } catch {
    return undefined
  }
}
