/**
 * Merging: replaying the changes of one request on what another request has saved.
 *
 * @module
 */

import { latin1Text } from '#bytes'
import { type Keyed, keyed } from '../codec/non-string-keys.ts'
import type { Serializer } from '../codec/serializers/serializer.ts'
import { getOwn, setOwn } from '../lib/plain-object.ts'
import { expiresKey } from './reserved-keys.ts'
import type { MergeableChanges, Values } from './state.ts'

/** The three states that a merge compares. */
export interface MergeInput {
  /** What this request read. */
  readonly base: Values
  /** What this request made of it. */
  readonly mine: Values
  /** What is stored now, because another request has saved. */
  readonly theirs: Values
  /** Which of the changes from `base` to `mine` commute with other changes. */
  readonly changes: MergeableChanges
}

/** The merged values, and the keys that both sides changed, where `mine` won: `contested`. */
export interface Merged {
  readonly values: Values
  readonly contested: readonly string[]
  /** The keys whose values come from `mine`. */
  readonly mine: readonly string[]
}

/**
 * Applies the changes from `base` to `mine` to `theirs`. Unchanged keys come from `theirs`. Increments are
 * added, and items of lists, such as flash messages, are appended or removed. Any other key that both sides changed
 * comes from `mine` and is reported as contested.
 *
 * Two values are equal when their serialized forms are. Each value is serialized once, so that the time is
 * linear in the size of the three states.
 */
export function merge(input: MergeInput, serializer: Serializer): Merged {
  const { base, mine, theirs, changes } = input
  const idOf = identifyBy(serializer)
  const same: Same = (a, b) => idOf(a) === idOf(b)
  const values = { ...theirs }
  const contested: string[] = []
  const taken: string[] = []
  for (const key of new Set([...Object.keys(base), ...Object.keys(mine)])) {
    const [before, now, there] = [base, mine, theirs].map(side => own(side, key))
    const isMergedList = changes.lists.has(key) && [before, now, there].every(isList)
    // Lists are compared item by item, which would serialize each item twice otherwise.
    if (!isMergedList && same(before, now)) continue
    // A key that had expired when it was read was not deleted by this request.
    if (changes.expired.has(key) && now === undefined && !same(before, there)) continue
    const grown = increase(changes, key, before, now)
    if (grown !== undefined && typeof (there ?? 0) === 'number') {
      put(values, key, ((there ?? 0) as number) + grown)
    } else if (isMergedList) {
      put(values, key, mergeLists(before as List, now as List, there as List, idOf))
    } else if (key === expiresKey) {
      put(values, key, mergeExpiries(before, now, there, changes.expired))
    } else {
      if (!same(before, there) && !same(now, there)) contested.push(key)
      put(values, key, now)
      taken.push(key)
    }
  }
  return { values: withNonStringKeys(values, input, same), contested, mine: taken }
}

/**
 * Updates `target` to hold `values`, where they differ from `previous`: an object that the handler holds on
 * to stays in place if nothing in it changed, and so does what the handler has changed meanwhile.
 */
export function applyMerged(
  target: Values,
  previous: Values,
  values: Values,
  serializer: Serializer,
): void {
  const idOf = identifyBy(serializer)
  for (const key of new Set([...Object.keys(previous), ...Object.keys(values)])) {
    const value = own(values, key)
    if (idOf(own(previous, key)) === idOf(value)) continue
    put(target, key, value)
    serializer.copyType?.(target, values, key)
  }
  const others = (values as Keyed)[keyed]
  if (others) (target as Keyed)[keyed] = others
}

type Same = (a: unknown, b: unknown) => boolean

/** Returns the same number for two values if and only if their serialized forms are equal. */
type Identify = (value: unknown) => number

const negativeZero = Symbol('-0')

/** Serializes each value once. Values must not change between two calls. */
function identifyBy(serializer: Serializer): Identify {
  const ids = new Map<unknown, number>()
  const idsByForm = new Map<string, number>()
  return value => {
    // A Map does not distinguish -0 from 0.
    const key = Object.is(value, -0) ? negativeZero : value
    const known = ids.get(key)
    if (known !== undefined) return known
    const bytes = serializer.serialize({ value })
    const form = latin1Text(bytes, 0, bytes.length)
    const id = idsByForm.get(form) ?? idsByForm.size
    idsByForm.set(form, id)
    ids.set(key, id)
    return id
  }
}

function own(values: Values, key: string): unknown {
  return getOwn(values, key)
}

/** undefined removes the key. */
function put(values: Values, key: string, value: unknown): void {
  if (value === undefined) delete values[key]
  else setOwn(values, key, value)
}

/** The increment of a number; undefined if it was also changed in another way. */
function increase(
  { increments }: MergeableChanges,
  key: string,
  before: unknown,
  now: unknown,
): number | undefined {
  const by = increments.get(key)
  return by !== undefined && now === ((before ?? 0) as number) + by ? by : undefined
}

/** A list whose items are merged, such as flash messages; undefined if there are none. */
type List = readonly unknown[] | undefined

function isList(value: unknown): value is List {
  return value === undefined || Array.isArray(value)
}

/** Items are appended, or put back in front; consuming removes all that were read, from the start. */
function mergeLists(before: List, now: List, there: List, idOf: Identify): List {
  const read = (before ?? []).map(idOf)
  const mine = (now ?? []).map(idOf)
  const theirs = there ?? []
  const start = indexOf(read, mine)
  if (start === 0 && mine.length === read.length) return there
  const list =
    start === undefined
      ? [...theirs.slice(overlap(read, theirs.map(idOf))), ...(now ?? [])]
      : [...(now ?? []).slice(0, start), ...theirs, ...(now ?? []).slice(start + read.length)]
  return list.length > 0 ? list : undefined
}

/** Where `text` first contains `pattern`; undefined if it does not. */
function indexOf(pattern: readonly number[], text: readonly number[]): number | undefined {
  if (pattern.length === 0) return 0
  const extend = matcher(pattern)
  let matched = 0
  for (const [index, id] of text.entries()) {
    matched = extend(matched, id)
    if (matched === pattern.length) return index + 1 - matched
  }
  return undefined
}

/** How many items that were read are still stored: the longest end of `read` that `stored` begins with. */
function overlap(read: readonly number[], stored: readonly number[]): number {
  return read.reduce(matcher(stored), 0)
}

/**
 * Returns a function that takes how many ids of the pattern match the end of a text, and returns how many do
 * with one more id. A scan takes linear time: the algorithm of Knuth, Morris and Pratt.
 */
function matcher(pattern: readonly number[]): (matched: number, id: number) => number {
  const borders = bordersOf(pattern)
  return (matched, id) => {
    let length = matched
    while (length > 0 && pattern[length] !== id) length = borders[length - 1] as number
    return pattern[length] === id ? length + 1 : length
  }
}

/** For each prefix of `ids`, the length of the longest shorter prefix that it ends with. */
function bordersOf(ids: readonly number[]): number[] {
  const borders: number[] = []
  let length = 0
  for (const [index, id] of ids.entries()) {
    while (length > 0 && ids[length] !== id) length = borders[length - 1] as number
    if (index > 0 && ids[length] === id) length++
    borders.push(length)
  }
  return borders
}

/** Expiries belong to their keys, so they are merged key by key as well. */
function mergeExpiries(
  before: unknown,
  now: unknown,
  there: unknown,
  expired: ReadonlySet<string>,
): unknown {
  const [read, mine, theirs] = [before, now, there].map(expiriesIn) as [Values, Values, Values]
  const expiries = { ...theirs }
  for (const key of new Set([...Object.keys(read), ...Object.keys(mine)])) {
    const [was, is] = [own(read, key), own(mine, key)]
    const isTheirs = is === undefined && expired.has(key) && own(theirs, key) !== was
    if (was !== is && !isTheirs) put(expiries, key, is)
  }
  return Object.keys(expiries).length > 0 ? expiries : undefined
}

function expiriesIn(side: unknown): object {
  return typeof side === 'object' && side !== null ? side : {}
}

/** Entries with non-string keys are merged as a whole. */
function withNonStringKeys(values: Values & Keyed, { base, mine }: MergeInput, same: Same): Values {
  const [before, now] = [base, mine].map(side => (side as Keyed)[keyed])
  if (now && !same([...(before ?? [])], [...now])) values[keyed] = now
  return values
}
