import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decode, encode } from '../../../src/go/gob/index.ts'
import { goVectors } from '../../support/fixtures.ts'
import { assertTree, fromHex, type Tree, toHex, typed } from './tree.ts'

const vectors = goVectors.filter(
  ({ serializer, payload_hex }) => serializer === 'gob' && payload_hex !== undefined,
)

test('has enough gob vectors', () => {
  assert.ok(vectors.length > 100)
})

for (const vector of vectors) {
  test(`reads what Go wrote: ${vector.case}`, () => {
    const value = decode(fromHex(vector.payload_hex))
    assertTree(value, vector.value as Tree)
  })

  test(`writes back the same types: ${vector.case}`, () => {
    const value = decode(fromHex(vector.payload_hex))
    assert.deepEqual(typed(decode(encode(value))), typed(value))
  })
}

/** Whether the stream is Go 1.19's definition of a session and one message without other definitions. */
function isOneMessage(hex: string): boolean {
  const bytes = fromHex(hex)
  return hex.startsWith('0eff81040102ff8200011001100000') && bytes[15] === bytes.length - 16
}

test('writes a session of basic types byte for byte like Go 1.19', () => {
  const plain = vectors.filter(
    ({ case: name, payload_hex }) => isOneMessage(payload_hex) && !name.includes('nondet'),
  )
  assert.ok(plain.length > 40)
  for (const { payload_hex } of plain) {
    assert.equal(toHex(encode(decode(fromHex(payload_hex)))), payload_hex)
  }
})
