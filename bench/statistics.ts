/**
 * Medians, quartiles and ranges.
 *
 * @module
 */

/** The median and the quartiles below and above it. */
export interface Spread {
  readonly median: number
  readonly lower: number
  readonly upper: number
}

export function spreadOf(numbers: readonly number[]): Spread {
  const sorted = [...numbers].sort((a, b) => a - b)
  return {
    median: quantile(sorted, 0.5),
    lower: quantile(sorted, 0.25),
    upper: quantile(sorted, 0.75),
  }
}

/** The median, the smallest and the largest of some numbers. */
export interface Range {
  readonly median: number
  readonly lowest: number
  readonly highest: number
}

export function rangeOf(numbers: readonly number[]): Range {
  const sorted = [...numbers].sort((a, b) => a - b)
  return {
    median: quantile(sorted, 0.5),
    lowest: quantile(sorted, 0),
    highest: quantile(sorted, 1),
  }
}

/** Interpolates linearly between the two nearest numbers. */
function quantile(sorted: readonly number[], part: number): number {
  const position = part * (sorted.length - 1)
  const below = sorted[Math.floor(position)] as number
  const above = sorted[Math.ceil(position)] as number
  return below + (above - below) * (position - Math.floor(position))
}
