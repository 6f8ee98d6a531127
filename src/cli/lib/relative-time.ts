/**
 * Times for people.
 *
 * @module
 */

const units = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
] as const

/** The time in UTC, with its distance from now: `2026-11-01 08:00:00Z (3 hours ago)`. */
export function timeText(date: Date, nowSeconds: number): string {
  const text = date.toISOString().replace('T', ' ').replace(/\.\d+/, '')
  return `${text} (${relativeTime(date, nowSeconds)})`
}

/** The distance from now in the largest unit that fits: `3 hours ago`, `in 2 days`, `now`. */
export function relativeTime(date: Date, nowSeconds: number): string {
  const distance = date.getTime() / 1000 - nowSeconds
  const seconds = Math.abs(distance)
  const [unit, length] = units.find(each => seconds >= each[1]) ?? ['second', 1]
  const count = Math.floor(seconds / length)
  if (count === 0) return 'now'
  const text = `${count} ${unit}${count === 1 ? '' : 's'}`
  return distance < 0 ? `${text} ago` : `in ${text}`
}
