/**
 * The values of a session for people, with secrets redacted.
 *
 * @module
 */

import { soundsSecret } from '../../lib/secret-names.ts'

const redacted = '[redacted]'

/** How deep values are copied. Deeper ones are left out: a session comes from a database that may hold anything. */
const maxDepth = 100

/** A copy in which the values under names that look like secrets are replaced. */
export function withoutSecrets(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (depth > maxDepth) return '…'
  if (Array.isArray(value)) return value.map(each => withoutSecrets(each, depth + 1))
  if (value instanceof Map) {
    return new Map(
      Array.from(value, ([key, each]) => [key, withoutSecret(String(key), each, depth)]),
    )
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, withoutSecret(key, each, depth)]),
  )
}

function withoutSecret(name: string, value: unknown, depth: number): unknown {
  return soundsSecret(name) ? redacted : withoutSecrets(value, depth + 1)
}
