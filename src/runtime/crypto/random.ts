/**
 * Random bytes from a pool, because a system call for each nonce would cost more than the rest of the nonce.
 *
 * @module
 */

import { fillRandom } from '#crypto'

const pool = new Uint8Array(4096)
let used = pool.length

/**
 * Returns `length` random bytes. Each byte of the pool is used once and erased. Throws when the system's generator
 * fails.
 */
export function randomBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  if (length > pool.length / 4) {
    fillRandom(bytes)
    return bytes
  }
  writeRandom(bytes, 0, length)
  return bytes
}

/** Writes `length` random bytes, at most 1024, to `target` at `at`. Throws when the system's generator fails. */
export function writeRandom(target: Uint8Array, at: number, length: number): void {
  if (used + length > pool.length) {
    fillRandom(pool)
    used = 0
  }
  for (let index = 0; index < length; index++) {
    target[at + index] = pool[used] as number
    pool[used++] = 0
  }
}
