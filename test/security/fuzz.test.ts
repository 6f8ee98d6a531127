/**
 * Decodes a million random and mutated inputs. Each must return a value or throw a decode error.
 */

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Sealed, SessionError } from 'silverback'
import { decode } from 'silverback/gob'
import { nop, plainJson, SecureCookie } from 'silverback/securecookie'
import { goVectors, hex } from '../support/fixtures.ts'

/** Reproducible random numbers (xorshift32), so that a failure repeats in the next run. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed
  return below => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}

const random = randomNumbers(20_261_123)
const boundaryBytes = [0x00, 0x01, 0x7f, 0x80, 0xf7, 0xf8, 0xfe, 0xff]

/** Makes one to eight changes: sets, removes or repeats a byte, or cuts off the rest. */
function mutate(bytes: Uint8Array): Uint8Array {
  let out = Uint8Array.from(bytes)
  for (let changes = 1 + random(8); changes > 0 && out.length > 0; changes--) {
    const at = random(out.length)
    const choice = random(6)
    if (choice < 3) out[at] = choice === 0 ? (boundaryBytes[random(8)] as number) : random(256)
    else if (choice === 3) out = out.subarray(0, at)
    else if (choice === 4) out = Uint8Array.of(...out.subarray(0, at), ...out.subarray(at + 1))
    else out = Uint8Array.of(...out.subarray(0, at + 1), ...out.subarray(at))
  }
  return out
}

/** Throws unless `decode` returns a value or throws a decode error. */
function assertDecodes(decode: () => unknown): void {
  try {
    decode()
  } catch (error) {
    if (error instanceof SessionError && error.isDecode) return
    throw error
  }
}

const payloads = goVectors
  .filter(({ serializer, payload_hex }) => serializer === 'gob' && payload_hex)
  .map(({ payload_hex }) => hex(payload_hex))
const pick = <T>(list: readonly T[]): T => list[random(list.length)] as T

suite('decoding a million inputs', () => {
  const hashKey = 'a key for fuzzing'
  const signed = new SecureCookie({ hashKey, maxLength: 0 })
  const encrypted = new SecureCookie({ hashKey, blockKey: '0123456789abcdef', maxLength: 0 })
  const raw = new SecureCookie({ hashKey, serializer: nop, maxLength: 0 })
  const sealed = new Sealed({ keys: [crypto.getRandomValues(new Uint8Array(32))] })
  const cookieValues = [signed, encrypted, sealed].map(codec =>
    Buffer.from(codec.encode('n', { user: 'ann', n: 5, list: [1, 'b', null] })),
  )

  test('300,000 mutated cookie values of every codec', () => {
    for (let i = 0; i < 100_000; i++) {
      for (const codec of [signed, encrypted, sealed]) {
        const value = Buffer.from(mutate(pick(cookieValues))).toString('latin1')
        assertDecodes(() => codec.decode('n', value))
      }
    }
  })

  test('100,000 random cookie values', () => {
    for (let i = 0; i < 100_000; i++) {
      const bytes = Buffer.from(Array.from({ length: random(60) }, () => random(256)))
      const value = bytes.toString(pick(['latin1', 'base64url', 'base64']))
      assertDecodes(() => pick([signed, encrypted, sealed]).decode('n', value))
    }
  })

  test('400,000 mutated gob streams', () => {
    for (let i = 0; i < 400_000; i++) {
      const bytes = mutate(pick(payloads))
      assertDecodes(() => decode(bytes))
    }
  })

  test('100,000 mutated gob streams with valid signatures', () => {
    for (let i = 0; i < 100_000; i++) {
      const value = raw.encode('n', mutate(pick(payloads)))
      assertDecodes(() => pick([signed, encrypted]).decode('n', value))
    }
  })

  test('100,000 mutated JSON documents with valid signatures', () => {
    const json = new SecureCookie({ hashKey, serializer: plainJson, maxLength: 0 })
    const text = Buffer.from(
      '{"a":[1,2.5e3,"x\\u00e9\\ud83d\\n"],"b":{"c":null,"d":true}} trailing',
    )
    for (let i = 0; i < 100_000; i++) {
      const value = raw.encode('n', mutate(text))
      assertDecodes(() => json.decode('n', value))
    }
  })

  test('Object.prototype was not polluted', () => {
    assert.deepEqual(Object.keys(Object.prototype), [])
    assert.equal(Object.getPrototypeOf(Object.prototype), null)
  })
})
