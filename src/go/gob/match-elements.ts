/**
 * Matches the elements of a changed array with those that were read, so that they keep their Go types.
 *
 * @module
 */

import { isAssignable } from './assignability.ts'
import type { Slots } from './provenance.ts'

/**
 * Returns for each element the number of the slot it was read into, or -1.
 *
 * Unchanged elements at both ends are matched first, so that a shift, an unshift or a splice keeps the types of
 * the others. If all elements between are among those that were read, they were only sorted, reversed or
 * filtered, and are matched by value. Otherwise an element gets the slot of its index if it fits the type that was
 * read there, because a value that equals one of another index is usually a coincidence: in `[1, 2]`, both
 * incremented, the first is not the former second. An element that does not fit is matched by value.
 */
export function matchElements(list: readonly unknown[], slots: Slots): number[] {
  const shift = slots.length - list.length
  const shorter = Math.min(list.length, slots.length)
  const numbers = new Array<number>(list.length)

  let start = 0
  while (start < shorter && Object.is(list[start], slots.value(start))) numbers[start] = start++
  let end = list.length
  while (
    end > Math.max(start, start - shift) &&
    Object.is(list[end - 1], slots.value(end - 1 + shift))
  ) {
    end--
    numbers[end] = end + shift
  }
  if (start === end) return numbers

  const byValue = matchByValue(list, slots, start, end, end + shift)
  const areMoved = !byValue.includes(-1)
  for (let i = start; i < end; i++) {
    const same = byValue[i - start]!
    numbers[i] = !areMoved && i < end + shift && isForIndex(list[i], same, slots, i) ? i : same
  }
  return numbers
}

/** The slots with the same values as the elements from `start` to `end`, each used once; -1 if there is none. */
function matchByValue(
  list: readonly unknown[],
  slots: Slots,
  start: number,
  end: number,
  slotsEnd: number,
): number[] {
  const numbersByValue = new Map<unknown, number[]>()
  for (let i = slotsEnd - 1; i >= start; i--) {
    const numbers = numbersByValue.get(slots.value(i))
    if (numbers === undefined) numbersByValue.set(slots.value(i), [i])
    else numbers.push(i)
  }
  return list.slice(start, end).map(value => numbersByValue.get(value)?.pop() ?? -1)
}

/** Whether an element belongs to the slot of its index. `same` is the slot with an equal value, or -1. */
function isForIndex(value: unknown, same: number, slots: Slots, index: number): boolean {
  // An object that was read is the same object, and a new one is checked when its type is chosen.
  if (typeof value === 'object') return same < 0
  const read = slots.concrete(index)
  return read !== undefined && isAssignable(read.type, value)
}
