/**
 * Which element of an array, as it was read, an element of the array as it is now was.
 *
 * @module
 */

import type { Slots } from './provenance.ts'

/**
 * The slot number of each element, or -1.
 *
 * Elements that were shifted, spliced, sorted or filtered are found by what they are: first from both
 * ends, then anywhere between. An element that is new inherits the slot of its place.
 */
export function matchElements(list: readonly unknown[], slots: Slots): number[] {
  const last = slots.length - list.length
  const shorter = Math.min(list.length, slots.length)
  const numbers = new Array<number>(list.length)

  let start = 0
  while (start < shorter && Object.is(list[start], slots.value(start))) numbers[start] = start++
  let end = list.length
  while (
    end > Math.max(start, start - last) &&
    Object.is(list[end - 1], slots.value(end - 1 + last))
  ) {
    end--
    numbers[end] = end + last
  }
  if (start === end) return numbers

  const known = new Map<unknown, number>()
  for (let i = end + last - 1; i >= start; i--) known.set(slots.value(i), i)
  for (let i = start; i < end; i++) {
    const sameplace = i < end + last ? i : -1
    numbers[i] = known.get(list[i]) ?? sameplace
  }
  return numbers
}
