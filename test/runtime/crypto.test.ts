import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { hashNames } from '../../src/runtime/crypto/hashes.ts'
import * as noble from '../../src/runtime/crypto/noble.ts'
import * as node from '../../src/runtime/crypto/node.ts'
import { randomBytes } from '../../src/runtime/crypto/random.ts'

const bytes = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length })

function same(a: Uint8Array | undefined, b: Uint8Array | undefined): void {
  assert.deepEqual(a && Buffer.from(a), b && Buffer.from(b))
}

suite('node:crypto and noble agree', () => {
  test('hashes, HMAC and HKDF', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...hashNames),
        fc.uint8Array({ maxLength: 200 }),
        fc.string({ unit: 'grapheme' }),
        fc.uint8Array({ maxLength: 300 }),
        (hash, key, prefix, data) => {
          same(noble.sha256(data), node.sha256(data))
          same(noble.hmac(hash, key, prefix, data), node.hmac(hash, key, prefix, data))
          same(noble.hkdf(key, data, 44), node.hkdf(key, data, 44))
        },
      ),
      { numRuns: 200 },
    )
  })

  test('AES-CTR, with a counter that overflows too', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(16, 24, 32).chain(bytes),
        fc.oneof(bytes(16), fc.constant(new Uint8Array(16).fill(255))),
        fc.uint8Array({ maxLength: 100 }),
        (key, iv, data) => {
          const ciphertext = node.aesCtr(key, iv, data)
          same(noble.aesCtr(key, iv, data), ciphertext)
          same(noble.aesCtr(key, iv, ciphertext), data)
        },
      ),
    )
  })

  test('AES-GCM opens what the other sealed, and nothing else', () => {
    fc.assert(
      fc.property(
        bytes(32),
        bytes(12),
        fc.uint8Array(),
        fc.uint8Array(),
        fc.nat(),
        (key, nonce, associated, data, position) => {
          const sealed = node.sealAesGcm(key, nonce, associated, data)
          same(noble.sealAesGcm(key, nonce, associated, data), sealed)
          same(noble.openAesGcm(key, nonce, associated, sealed), data)
          same(node.openAesGcm(key, nonce, associated, sealed), data)
          const forged = Uint8Array.from(sealed)
          const at = position % forged.length
          forged[at] = (forged[at] as number) ^ 1
          for (const { openAesGcm } of [node, noble]) {
            assert.equal(openAesGcm(key, nonce, associated, forged), undefined)
            assert.equal(openAesGcm(key, nonce, associated, sealed.subarray(0, 15)), undefined)
            assert.equal(openAesGcm(key, nonce, Uint8Array.of(...associated, 0), sealed), undefined)
          }
        },
      ),
    )
  })

  test('comparing', () => {
    for (const { equalBytes } of [node, noble]) {
      assert.ok(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2)))
      assert.ok(!equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 3)))
      assert.ok(!equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1)))
    }
  })
})

suite('random bytes', () => {
  test('none is handed out twice', () => {
    const seen = new Set<string>()
    for (let i = 0; i < 20_000; i++) seen.add(Buffer.from(randomBytes(16)).toString('hex'))
    assert.equal(seen.size, 20_000)
  })

  test('any length, also beyond the pool and the limit of Web Crypto', () => {
    for (const length of [0, 1, 1024, 1025, 5000, 70_000]) {
      assert.equal(randomBytes(length).length, length)
      const target = new Uint8Array(length)
      noble.fillRandom(target)
      if (length > 32) assert.ok(target.subarray(-32).some(byte => byte !== 0))
    }
  })
})
