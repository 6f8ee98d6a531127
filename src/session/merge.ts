/**
 * What one request changed in a session, made again on what another request saved meanwhile.
 *
 * @module
 */

import { equalBytes } from '#crypto'
import { type Keyed, keyed } from '../codec/non-string-keys.ts'
import type { Serializer } from '../codec/serializers/serializer.ts'
import { expiresKey } from './definition.ts'
import type { MergeableChanges, Values } from './session.ts'

/** The three states of a session that a merge looks at. */
export interface MergeInput {
  /** What this request read. */
  readonly base: Values
  /** What it made of it. */
  readonly mine: Values
  /** What is kept now, because another request saved. */
  readonly theirs: Values
  /** Which of my changes can be made together with theirs. */
  readonly changes: MergeableChanges
}

/** A merge, and the keys that both sides changed, where mine counts. */
export interface Merged {
  readonly values: Values
  readonly contested: readonly string[]
}

/**
 * `theirs` with the changes that lead from `base` to `mine`. Keys that I did not change are theirs.
 * Numbers that I incremented grow by as much; to lists of messages mine are added, and those that I
 * took are taken. A key that both sides changed otherwise is mine, and contested.
 *
 * Values count as equal when their serialized forms are.
 */
export function merge(input: MergeInput, serializer: Serializer): Merged {
  const { base, mine, theirs, changes } = input
  const same = sameBy(serializer)
  const values = { ...theirs }
  const contested: string[] = []
  for (const key of new Set([...Object.keys(base), ...Object.keys(mine)])) {
    const [before, now, there] = [base, mine, theirs].map(side => own(side, key))
    if (same(before, now)) continue
    // What had expired when I read it is no deletion of what others put there since.
    if (changes.expired.has(key) && now === undefined && !same(before, there)) continue
    const grown = increase(changes, key, before, now)
    if (grown !== undefined && typeof (there ?? 0) === 'number') {
      put(values, key, ((there ?? 0) as number) + grown)
    } else if (changes.lists.has(key) && isList(before) && isList(now) && isList(there)) {
      put(values, key, mergeLists(before, now, there, same))
    } else if (key === expiresKey) {
      put(values, key, mergeMoments(before, now, there, changes.expired))
    } else {
      if (!same(before, there) && !same(now, there)) contested.push(key)
      put(values, key, now)
    }
  }
  return { values: withKeyed(values, input, same), contested }
}

/**
 * Puts into `target` what `values` has, where it differs: whoever holds an object of the session goes
 * on holding it if nothing in it changed.
 */
export function adopt(target: Values, values: Values, serializer: Serializer): void {
  const same = sameBy(serializer)
  for (const key of new Set([...Object.keys(target), ...Object.keys(values)])) {
    if (!same(own(target, key), own(values, key))) put(target, key, own(values, key))
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
  return Object.hasOwn(values, key) ? values[key] : undefined
}

function put(values: Values, key: string, value: unknown): void {
  if (value === undefined) {
    delete values[key]
    return
  }
  Object.defineProperty(values, key, {
    value,
    configurable: true,
    enumerable: true,
    writable: true,
  })
}

/** By how much the number grew; undefined when more was done to it than that. */
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

/** Messages are added at the end and taken from the start, all that there were. */
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

/** How many of the messages that there were before are still there: the last ones, at the start. */
function leftOf(before: readonly unknown[], there: readonly unknown[], same: Same): number {
  for (let taken = 0; taken < before.length; taken++) {
    const left = before.slice(taken)
    if (left.every((item, index) => index < there.length && same(item, there[index]))) {
      return left.length
    }
  }
  return 0
}

/** The moments at which keys stop to count belong to the keys, and are merged key by key as they are. */
function mergeMoments(
  before: unknown,
  now: unknown,
  there: unknown,
  expired: ReadonlySet<string>,
): unknown {
  const [read, mine, theirs] = [before, now, there].map(momentsIn) as [Values, Values, Values]
  const moments = { ...theirs }
  for (const key of new Set([...Object.keys(read), ...Object.keys(mine)])) {
    const [was, is] = [own(read, key), own(mine, key)]
    const isTheirs = is === undefined && expired.has(key) && own(theirs, key) !== was
    if (was !== is && !isTheirs) put(moments, key, is)
  }
  return Object.keys(moments).length > 0 ? moments : undefined
}

function momentsIn(side: unknown): object {
  return typeof side === 'object' && side !== null ? side : {}
}

/** Entries whose keys are not strings are merged as one. */
function withKeyed(values: Values & Keyed, { base, mine }: MergeInput, same: Same): Values {
  const [before, now] = [base, mine].map(side => (side as Keyed)[keyed])
  if (now && !same([...(before ?? [])], [...now])) values[keyed] = now
  return values
}
