/**
 * Random bytes, drawn from a pool because a system call for each nonce costs more than the nonce.
 *
 * @module
 */

import { fillRandom } from '#crypto'

const pool = new Uint8Array(4096)
let used = pool.length

/**
 * `length` fresh random bytes. Bytes are erased from the pool as they are handed out, so none is
 * given twice and none stays behind. Throws when the system's generator fails.
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

/** Writes `length` fresh random bytes, at most 1024, to `target` at `at`. Throws as {@link randomBytes} does. */
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
