import assert from 'node:assert/strict'
import { createHash, createHmac } from 'node:crypto'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { hashNames } from '../../src/runtime/crypto/hashes.ts'
import * as noble from '../../src/runtime/crypto/noble.ts'
import * as node from '../../src/runtime/crypto/node.ts'
import { randomBytes, writeRandom } from '../../src/runtime/crypto/random.ts'

const bytes = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length })

function same(a: Uint8Array | undefined, b: Uint8Array | undefined): void {
  assert.deepEqual(a && Buffer.from(a), b && Buffer.from(b))
}

suite("HMAC equals createHmac's", () => {
  for (const hash of hashNames) {
    test(`${hash}, with keys of 0 to 200 bytes`, () => {
      for (let length = 0; length <= 200; length++) {
        const key = randomBytes(length)
        const data = randomBytes(length * 7)
        const expected = createHmac(hash, key).update('näme|').update(data).digest()
        for (const { hmac, hmacWith } of [node, noble]) {
          same(hmac(hash, key, 'näme|', data), expected)
          const mac = hmacWith(hash, key)
          for (let i = 0; i < 2; i++) same(mac('näme|', data), expected)
        }
      }
    })
  }

  test('any key, prefix and data', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...hashNames),
        fc.uint8Array({ maxLength: 300 }),
        fc.string({ unit: 'binary' }),
        fc.uint8Array({ maxLength: 10_000 }),
        (hash, key, prefix, data) => {
          const expected = createHmac(hash, key).update(prefix, 'utf8').update(data).digest()
          same(node.hmac(hash, key, prefix, data), expected)
        },
      ),
      { numRuns: 500 },
    )
  })

  test('several keys and hashes in turn', () => {
    const macs = hashNames.flatMap(hash =>
      [70, 150].map(length => {
        const key = randomBytes(length)
        return { hash, key, mac: node.hmacWith(hash, key) }
      }),
    )
    for (const { hash, key, mac } of [...macs, ...macs]) {
      same(mac('', key), createHmac(hash, key).update(key).digest())
    }
  })
})

test("sha256 equals createHash's", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 1000 }), data => {
      same(node.sha256(data), createHash('sha256').update(data).digest())
    }),
  )
})

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

  test('AES-CTR, including a counter that overflows', () => {
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

  test('AES-GCM opens what the other one sealed, and nothing else', () => {
    fc.assert(
      fc.property(
        bytes(32),
        bytes(12),
        fc.uint8Array(),
        fc.uint8Array(),
        fc.nat(20),
        fc.nat(),
        (key, nonce, associated, data, before, position) => {
          const [sealed, other] = [node, noble].map(({ sealAesGcm }) => {
            const message = new Uint8Array(before + 12 + data.length + 16)
            message.set(nonce, before)
            sealAesGcm(key, associated, data, message, before)
            return message
          }) as [Uint8Array, Uint8Array]
          same(other, sealed)
          same(noble.openAesGcm(key, associated, sealed, before), data)
          same(node.openAesGcm(key, associated, sealed, before), data)
          const forged = Uint8Array.from(sealed)
          const at = before + (position % (forged.length - before))
          forged[at] = (forged[at] as number) ^ 1
          for (const { openAesGcm } of [node, noble]) {
            assert.equal(openAesGcm(key, associated, forged, before), undefined)
            assert.equal(
              openAesGcm(key, associated, sealed.subarray(0, before + 27), before),
              undefined,
            )
            assert.equal(
              openAesGcm(key, Uint8Array.of(...associated, 0), sealed, before),
              undefined,
            )
          }
        },
      ),
    )
  })

  test('comparison', () => {
    for (const { equalBytes } of [node, noble]) {
      assert.ok(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2)))
      assert.ok(!equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 3)))
      assert.ok(!equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1)))
    }
  })
})

suite('random bytes', () => {
  test('are never returned twice', () => {
    const seen = new Set<string>()
    for (let i = 0; i < 20_000; i++) seen.add(Buffer.from(randomBytes(16)).toString('hex'))
    assert.equal(seen.size, 20_000)
  })

  test('are written to the given range only', () => {
    const seen = new Set<string>()
    for (let i = 0; i < 2000; i++) {
      const target = new Uint8Array(20)
      writeRandom(target, 4, 12)
      const written = Buffer.from(target.subarray(4, 16))
      assert.deepEqual([...target.subarray(0, 4), ...target.subarray(16)], new Array(8).fill(0))
      assert.ok(written.some(byte => byte !== 0))
      seen.add(written.toString('hex'))
    }
    assert.equal(seen.size, 2000)
  })

  test('come in any length, even beyond the pool and the limit of Web Crypto', () => {
    for (const length of [0, 1, 1024, 1025, 5000, 70_000]) {
      assert.equal(randomBytes(length).length, length)
      const target = new Uint8Array(length)
      noble.fillRandom(target)
      if (length > 32) assert.ok(target.subarray(-32).some(byte => byte !== 0))
    }
  })
})
