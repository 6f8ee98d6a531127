import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import {
  decodeMetadata,
  encodeMetadata,
  isSameMetadata,
  mergeMetadata,
  type SessionMetadata,
} from '../../src/session/metadata.ts'
import {
  decodeRecord,
  encodeSession,
  encodeTombstone,
  isTombstone,
} from '../../src/stores/server/record-format.ts'

const integer = fc.nat(Number.MAX_SAFE_INTEGER)
const text = fc.string({ unit: 'grapheme' })
const metadata: fc.Arbitrary<SessionMetadata> = fc.record(
  {
    authenticatedAt: integer,
    rotatedAt: integer,
    idle: integer,
    absolute: integer,
    version: integer,
    epoch: integer,
    ownerEpoch: integer,
    generation: integer,
    untilClosed: integer,
    owner: text,
    label: text,
    familyId: text,
    userAgent: text,
    address: text,
  },
  { requiredKeys: [], noNullPrototype: true },
)
const unsealed = (bytes: Uint8Array): Uint8Array => bytes

suite('metadata', () => {
  test('round-trips', () => {
    fc.assert(
      fc.property(metadata, each => {
        const decoded = decodeMetadata(encodeMetadata(each))
        assert.deepEqual(decoded, each)
        assert.ok(isSameMetadata(each, decoded as SessionMetadata))
      }),
      { examples: [[{ owner: '\ufeffann' }], [{ owner: '' }], [{}]] },
    )
  })

  test('takes no bytes when empty', () => {
    assert.equal(encodeMetadata({}).length, 0)
    assert.deepEqual(decodeMetadata(new Uint8Array(0)), {})
  })

  test('is rejected when truncated or followed by more bytes', () => {
    fc.assert(
      fc.property(metadata, fc.nat(200), (each, at) => {
        const bytes = encodeMetadata(each)
        fc.pre(bytes.length > 1)
        const cut = 1 + (at % (bytes.length - 1))
        assert.equal(decodeMetadata(bytes.subarray(0, cut)), undefined)
        assert.equal(decodeMetadata(Uint8Array.of(...bytes, 0)), undefined)
      }),
    )
  })

  test('keeps the fields of a later release', () => {
    // varint(2^15) and a number; varint(2^30) and a text: the last bit of each kind that two releases could share.
    const number = Uint8Array.of(0x80, 0x80, 0x02, 5)
    const text = Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x04, 1, 65)
    for (const bytes of [number, text]) {
      const decoded = decodeMetadata(bytes) as SessionMetadata
      assert.deepEqual(Uint8Array.from(encodeMetadata(decoded)), bytes)
      const changed = { ...decoded, owner: 'ann', version: 2, userAgent: 'curl' }
      assert.deepEqual(decodeMetadata(encodeMetadata(changed)), changed)
      assert.deepEqual(mergeMetadata({}, { label: 'laptop' }, decoded).later, decoded.later)
    }
  })

  test('is rejected when the fields of a later release are truncated', () => {
    assert.equal(decodeMetadata(Uint8Array.of(0x80, 0x80, 0x02)), undefined)
    assert.equal(decodeMetadata(Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x04, 2, 65)), undefined)
  })

  test('never throws, whatever the bytes', () => {
    const assertDecodes = (bytes: Uint8Array): void => {
      const decoded = decodeMetadata(bytes)
      assert.ok(decoded === undefined || typeof decoded === 'object')
      const record = decodeRecord(bytes, unsealed)
      assert.ok(record === undefined || typeof record === 'object')
      decodeRecord(Uint8Array.of(1, ...bytes), unsealed)
      decodeRecord(Uint8Array.of(2, ...bytes), unsealed)
    }
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), assertDecodes), {
      numRuns: 2000,
      examples: [
        [new Uint8Array(200).fill(0xff)],
        [Uint8Array.of(...new Uint8Array(160).fill(0xff), 0)],
        [Uint8Array.of(...new Uint8Array(160).fill(0x80), 0)],
      ],
    })
    fc.assert(
      fc.property(metadata, fc.nat(), fc.nat(255), (each, at, byte) => {
        const bytes = encodeMetadata(each)
        if (bytes.length > 0) bytes[at % bytes.length] = byte
        assertDecodes(bytes)
      }),
    )
  })

  test('merges: fields changed by one side win, all others come from the other side', () => {
    fc.assert(
      fc.property(metadata, metadata, metadata, (base, mine, theirs) => {
        const merged = mergeMetadata(base, mine, theirs)
        for (const field of new Set([
          ...Object.keys(base),
          ...Object.keys(mine),
          ...Object.keys(theirs),
        ])) {
          const of = (side: SessionMetadata): unknown => side[field as keyof SessionMetadata]
          assert.equal(of(merged), of(mine) === of(base) ? of(theirs) : of(mine))
        }
      }),
    )
  })
})

suite('records', () => {
  test('round-trip', () => {
    const body = fc.record(
      {
        name: fc.stringMatching(/^[\w-]+$/),
        created: fc.nat(2 ** 40),
        idle: fc.nat(2 ** 40),
        isTold: fc.boolean(),
        metadata,
        payload: fc.uint8Array(),
        predecessor: fc.stringMatching(/^[\w-]{43}$/),
      },
      {
        noNullPrototype: true,
        requiredKeys: ['name', 'created', 'idle', 'isTold', 'metadata', 'payload'],
      },
    )
    fc.assert(
      fc.property(body, each => {
        const read = decodeRecord(encodeSession(each, unsealed), unsealed)
        assert.ok(read && !isTombstone(read))
        assert.deepEqual(
          { ...read, payload: [...read.payload] },
          { ...each, payload: [...each.payload] },
        )
      }),
    )
    const moved = fc.record(
      {
        successor: fc.stringMatching(/^[\w-]{43}$/),
        until: fc.nat(2 ** 40),
        isElevated: fc.boolean(),
      },
      { noNullPrototype: true },
    )
    fc.assert(
      fc.property(moved, each => {
        assert.deepEqual(decodeRecord(encodeTombstone(each, unsealed), unsealed), each)
      }),
    )
  })
})
