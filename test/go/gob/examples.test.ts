import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decode, encode, GoOpaque, go } from '../../../src/go/gob/index.ts'
import { fromHex, toHex } from './tree.ts'

const read = (hex: string): unknown => decode(fromHex(hex))

const definition = '0eff81040102ff8200011001100000'

test('reads top-level values that are not sessions', () => {
  assert.equal(read('080c000568656c6c6f'), 'hello')
  assert.equal(read('050400fe0101'), -129)
  assert.equal(read('050800fe3140'), 17)
  assert.ok(Object.is(read('040800ff80'), -0))
})

test('reads sessions of Go before and since 1.21, which use different first ids', () => {
  assert.deepEqual(read(`${definition}04ff820000`), {})
  const value = 'ff820001 06737472696e670c050003666f6f 06737472696e670c050003626172'.replaceAll(
    ' ',
    '',
  )
  assert.deepEqual(read(`${definition}20${value}`), { foo: 'bar' })
  const since = `0d7f040102ff8000011001100000${'20'}${value.replace('ff82', 'ff80')}`
  assert.deepEqual(read(since), { foo: 'bar' })
})

test('reads any id from 64 on, and a definition without a name and id', () => {
  assert.deepEqual(
    read('09ff810402100110000020ff82000106737472696e670c050003666f6f06737472696e670c050003626172'),
    { foo: 'bar' },
  )
  assert.deepEqual(read('0bfd1e847f0402100110000006fd1e84800000'), {})
})

test('reads a message that is split at a new type', () => {
  const flashes = read(
    `${definition}30ff82000106737472696e670c0800065f666c6173680e5b5d696e74657266616365207b7dff83020102ff84000110000024ff8421000406737472696e670c0400026d3103696e740402000e0004626f6f6c02020001`,
  )
  assert.deepEqual(flashes, { _flash: ['m1', 7, null, true] })
})

const nested = { m: { x: { y: ['z'] } } }

test('reads a message that is split inside another value, with a chunk length', () => {
  assert.deepEqual(
    read(
      `${definition}36ff82000106737472696e670c0300016d176d61705b737472696e675d696e74657266616365207b7dff83040102ff8400010c0110000053ff845000010178176d61705b737472696e675d696e74657266616365207b7dff841f000101790e5b5d696e74657266616365207b7dff85020102ff86000110000011ff860e000106737472696e670c0300017a`,
    ),
    nested,
  )
})

test('reads definitions that all precede the value, in any order', () => {
  assert.deepEqual(
    read(
      `${definition}0cff85020102ff8600011000000eff83040102ff8400010c011000006eff82000106737472696e670c0300016d176d61705b737472696e675d696e74657266616365207b7dff844300010178176d61705b737472696e675d696e74657266616365207b7dff8424000101790e5b5d696e74657266616365207b7dff860e000106737472696e670c0300017a`,
    ),
    nested,
  )
})

test('reads a struct without its zero fields', () => {
  const session = read(
    `${definition}55ff82000106737472696e670c030001700b6d61696e2e506572736f6eff8303010106506572736f6e01ff8400010401044e616d65010c0001034167650104000105456d61696c010c0001045461677301ff8600000016ff85020101085b5d737472696e6701ff8600010c00000bff84080103416e6e013c00`,
  ) as { p: object }
  assert.deepEqual(session, { p: { Name: 'Ann', Age: 30 } })
  assert.equal(go.typeOf(session.p), 'main.Person')
})

test('reads a struct that contains itself', () => {
  const session = read(
    `${definition}3cff82000106737472696e670c0300016e096d61696e2e4e6f6465ff83030101044e6f646501ff8400010201015601040001044e65787401ff840000000aff840701020101040000`,
  )
  assert.deepEqual(session, { n: { V: 1, Next: { V: 2 } } })
})

test('reads a struct with every kind of field', () => {
  const { o } = read(
    `${definition}75ff82000106737472696e670c0300016f0a6d61696e2e4f75746572ff83030101054f7574657201ff8400010a01015a0104000102496e01ff860001015001ff8600010341727201ff880001014d01ff8a0001014901100001015401ff8c000102536c01ff8e000101460108000102426f01020000001fff8503010105496e6e657201ff86000102010141010400010142010c00000016ff87010101065b325d696e7401ff88000104010400001eff890401010e6d61705b737472696e675d696e7401ff8a00010c0104000010ff8b0501010454696d6501ff8c00000013ff8d020101055b5d696e7401ff8e000104000039ff843601020101040101620001000102001201000106737472696e670c0700056966616365010f010000000e7791f70000000000ffff030100`,
  ) as { o: object }
  assert.deepEqual(o, {
    Z: 1,
    In: { A: 2, B: 'b' },
    P: {},
    Arr: [0, 9],
    M: {},
    I: 'iface',
    T: new Date(0),
    Bo: true,
  })
  const types = ['Z', 'In', 'Arr', 'M', 'I', 'T', 'Bo'].map(name => go.typeOf(o, name))
  assert.deepEqual(types, [
    'int',
    'Inner',
    '[2]int',
    'map[string]int',
    'string',
    'time.Time',
    'bool',
  ])
})

test('reads a big integer, whose definition contains a wrong id', () => {
  const session = read(
    `${definition}23ff82000106737472696e670c0300016e082a6269672e496e74ff83050102ff860000000cff8409000703011f71fb04cb`,
  )
  assert.deepEqual(session, { n: -1234567890123n })
})

test('keeps the bytes of a type that encodes itself', () => {
  const { u } = read(
    `${definition}23ff82000106737472696e670c03000175082a75726c2e55524cff83060102ff8600000014ff870301010855736572696e666f01ff8800000016ff8413001168747470733a2f2f652e782f703f713d31`,
  ) as { u: unknown }
  assert.ok(u instanceof GoOpaque)
  assert.deepEqual([u.type, u.kind], ['*url.URL', 'binary'])
  assert.equal(new TextDecoder().decode(u.bytes), 'https://e.x/p?q=1')
})

test('writes the same bytes as Go', () => {
  assert.equal(toHex(encode('hello')), '080c000568656c6c6f')
  assert.equal(toHex(encode(-129)), '050400fe0101')
  assert.equal(toHex(encode(go.float64(17))), '050800fe3140')
  assert.equal(toHex(encode({})), `${definition}04ff820000`)
  assert.equal(toHex(encode({ k: null })), `${definition}11ff82000106737472696e670c0300016b00`)
})

test('writes all definitions before the value', () => {
  const hex = toHex(encode(nested))
  assert.ok(hex.startsWith(`${definition}0eff83040102ff8400010c011000000cff85020102ff860001100000`))
  assert.deepEqual(read(hex), nested)
})

test('reads only the first value', () => {
  assert.equal(read('080c000568656c6c6fffff'), 'hello')
  assert.equal(read('0a0c000568656c6c6f0000'), 'hello')
})
