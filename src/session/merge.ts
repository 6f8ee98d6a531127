/**
 * Merging: replaying the changes of one request on what another request has saved.
 *
 * @module
 */

import { equalBytes } from '#crypto'
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

/** The merged values, and the keys that both sides changed, where `mine` won. */
export interface Merged {
  readonly values: Values
  readonly contested: readonly string[]
}

/**
 * Applies the changes from `base` to `mine` to `theirs`. Unchanged keys come from `theirs`. Increments are
 * added, and flash messages are appended or removed. Any other key that both sides changed comes from
 * `mine` and is reported as contested.
 *
 * Two values are equal when their serialized forms are.
 */
export function merge(input: MergeInput, serializer: Serializer): Merged {
  const { base, mine, theirs, changes } = input
  const same = sameBy(serializer)
  const values = { ...theirs }
  const contested: string[] = []
  for (const key of new Set([...Object.keys(base), ...Object.keys(mine)])) {
    const [before, now, there] = [base, mine, theirs].map(side => own(side, key))
    if (same(before, now)) continue
    // A key that had expired when it was read was not deleted by this request.
    if (changes.expired.has(key) && now === undefined && !same(before, there)) continue
    const grown = increase(changes, key, before, now)
    if (grown !== undefined && typeof (there ?? 0) === 'number') {
      put(values, key, ((there ?? 0) as number) + grown)
    } else if (changes.lists.has(key) && isList(before) && isList(now) && isList(there)) {
      put(values, key, mergeLists(before, now, there, same))
    } else if (key === expiresKey) {
      put(values, key, mergeExpiries(before, now, there, changes.expired))
    } else {
      if (!same(before, there) && !same(now, there)) contested.push(key)
      put(values, key, now)
    }
  }
  return { values: withNonStringKeys(values, input, same), contested }
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
  const same = sameBy(serializer)
  for (const key of new Set([...Object.keys(previous), ...Object.keys(values)])) {
    if (!same(own(previous, key), own(values, key))) put(target, key, own(values, key))
  }
  const others = (values as Keyed)[keyed]
  if (others) (target as Keyed)[keyed] = others
}

type Same = (a: unknown, b: unknown) => boolean

function sameBy(serializer: Serializer): Same {
  return (a, b) =>
    equalBytes(serializer.serialize({ value: a }), serializer.serialize({ value: b }))
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

function isList(value: unknown): value is readonly unknown[] | undefined {
  return value === undefined || Array.isArray(value)
}

/** Messages are appended at the end; consuming removes all that were read, from the start. */
function mergeLists(
  before: readonly unknown[] = [],
  now: readonly unknown[] = [],
  there: readonly unknown[] = [],
  same: Same,
): unknown[] | undefined {
  const kept = now.length >= before.length && before.every((item, index) => same(item, now[index]))
  const added = kept ? now.slice(before.length) : now
  const rest = kept ? there : there.slice(leftOf(before, there, same))
  const list = [...rest, ...added]
  return list.length > 0 ? list : undefined
}

/** How many of the messages that were read are still stored: the last ones, at the start of the list. */
function leftOf(before: readonly unknown[], there: readonly unknown[], same: Same): number {
  for (let taken = 0; taken < before.length; taken++) {
    const left = before.slice(taken)
    if (left.every((item, index) => index < there.length && same(item, there[index]))) {
      return left.length
    }
  }
  return 0
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
