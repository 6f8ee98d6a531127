/**
 * Matches the elements of a changed array with those that were read, so that they keep their Go types.
 *
 * @module
 */

import type { Slots } from './provenance.ts'

/**
 * Returns for each element the number of the slot it was read into, or -1.
 *
 * Elements that were shifted, spliced, sorted or filtered are found by identity: first from both ends,
 * then anywhere between. A new element gets the slot of its index.
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

  const numberByValue = new Map<unknown, number>()
  for (let i = end + shift - 1; i >= start; i--) numberByValue.set(slots.value(i), i)
  for (let i = start; i < end; i++) {
    const sameIndex = i < end + shift ? i : -1
    numbers[i] = numberByValue.get(list[i]) ?? sameIndex
  }
  return numbers
}
