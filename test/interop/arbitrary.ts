/** fast-check arbitraries for trees of every type that the Go program knows. */

import fc from 'fast-check'
import { builtIn, integers, registered, shapeOf } from './go-types.ts'
import { bitsOf, isZero, nil, type Pair, sessionType, type Tree } from './tree.ts'

/** Sessions whose containers nest up to `depth` levels deep. */
export function sessions(depth: number): fc.Arbitrary<Tree> {
  return treesOf(sessionType, depth)
}

const cache = new Map<string, fc.Arbitrary<Tree>>()

/** Values of a type. Pointers are not nil, because gob refuses nil pointers except in struct fields. */
export function treesOf(type: string, depth: number): fc.Arbitrary<Tree> {
  const key = `${Math.max(depth, 0)} ${type}`
  let found = cache.get(key)
  if (found === undefined) {
    found = makeTreesOf(type, depth)
    cache.set(key, found)
  }
  return found
}

function makeTreesOf(type: string, depth: number): fc.Arbitrary<Tree> {
  const shape = shapeOf(type)
  switch (shape.kind) {
    case 'interface':
      return anything(depth)
    case 'basic':
      return basics(shape.base).map(tree => ({ ...tree, go: type }))
    case 'bytes':
      return bytes({ maxLength: 40 }).map(hex => ({ go: type, hex }))
    case 'uuid':
      return bytes({ minLength: 16, maxLength: 16 }).map(hex => ({ go: type, hex }))
    case 'time':
      return times
    case 'bigInt':
      return fc.bigInt({ min: -(2n ** 200n), max: 2n ** 200n }).map(n => ({ go: type, v: `${n}` }))
    case 'url':
      return fc.webUrl({ withQueryParameters: true }).map(v => ({ go: type, v }))
    case 'pointer':
      return treesOf(shape.elem, depth).map(v => ({ go: type, v }))
    case 'slice':
      return lists(type, shape.elem, depth, 0, depth > 0 ? 3 : 0)
    case 'array':
      return lists(type, shape.elem, depth, shape.length, shape.length)
    case 'map':
      return maps(type, shape, depth)
    case 'struct':
      return structsOf(type, shape.fields, depth)
    default:
      return fc.constant(nil)
  }
}

const scalars = [...builtIn, ...registered].filter(
  type => !['slice', 'array', 'map', 'struct', 'pointer'].includes(shapeOf(type).kind),
)

function anything(depth: number): fc.Arbitrary<Tree> {
  const types = depth > 0 ? [...scalars, ...builtIn, ...registered] : scalars
  return fc.oneof(
    { weight: 1, arbitrary: fc.constant(nil) },
    { weight: 16, arbitrary: fc.constantFrom(...types).chain(type => treesOf(type, depth - 1)) },
  )
}

function basics(type: string): fc.Arbitrary<Tree> {
  const range = integers[type]
  if (range) {
    const [min, max] = range
    return fc.bigInt({ min, max }).map(n => ({ go: type, v: `${n}` }))
  }
  switch (type) {
    case 'bool':
      return fc.boolean().map(v => ({ go: type, v }))
    case 'string':
      return strings
    case 'float32':
      return fc.float().map(float)
    case 'float64':
      return fc.double().map(float)
    case 'complex64':
      return fc.tuple(fc.float(), fc.float()).map(complex)
    default:
      return fc.tuple(fc.double(), fc.double()).map(complex)
  }
}

function float(n: number): Tree {
  return { go: '', v: String(n), bits: bitsOf(n) }
}

function complex([re, im]: [number, number]): Tree {
  return { go: '', re: bitsOf(re), im: bitsOf(im) }
}

function bytes(constraints: fc.IntArrayConstraints): fc.Arbitrary<string> {
  return fc.uint8Array(constraints).map(array => Buffer.from(array).toString('hex'))
}

const strings: fc.Arbitrary<Tree> = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }).map(v => ({ go: 'string', v })),
  fc
    .constantFrom('', '__proto__', 'constructor', 'toString', '2', '_flash', 'x'.repeat(300))
    .map(v => ({ go: 'string', v })),
  // Most of these are not valid UTF-8. The tree of one that is valid contains text.
  fc.uint8Array({ minLength: 1, maxLength: 8 }).map(array => {
    const buffer = Buffer.from(array)
    const v = buffer.toString()
    return Buffer.from(v).equals(buffer)
      ? { go: 'string', v }
      : { go: 'string', hex: buffer.toString('hex') }
  }),
)

/** The largest Unix time in whole seconds that a Date can hold. */
const maxSeconds = 8_640_000_000_000 - 1

const zones: fc.Arbitrary<Partial<Tree>> = fc.oneof(
  fc.constant({ offset_sec: 0, is_utc: true }),
  // The encoding cannot represent an offset of -1 minute, because -1 stands for UTC.
  fc
    .integer({ min: -32_768, max: 32_767 })
    .filter(minutes => minutes !== -1)
    .map(minutes => ({ offset_sec: minutes * 60, is_utc: false })),
)

const times: fc.Arbitrary<Tree> = fc.oneof(
  fc.constant({ go: 'time.Time', unix: '-62135596800', nsec: 0, offset_sec: 0, is_utc: true }),
  fc
    .tuple(
      fc.integer({ min: -maxSeconds, max: maxSeconds }),
      fc.oneof(
        fc.integer({ min: 0, max: 999 }).map(ms => ms * 1_000_000),
        fc.nat({ max: 999_999_999 }),
      ),
      zones,
    )
    .map(([seconds, nsec, zone]) => ({ go: 'time.Time', unix: `${seconds}`, nsec, ...zone })),
)

function lists(
  type: string,
  elem: string,
  depth: number,
  minLength: number,
  maxLength: number,
): fc.Arbitrary<Tree> {
  return fc.array(treesOf(elem, depth - 1), { minLength, maxLength }).map(v => ({ go: type, v }))
}

function maps(
  type: string,
  { key, elem }: { key: string; elem: string },
  depth: number,
): fc.Arbitrary<Tree> {
  const entry = fc.tuple(keysOf(key, depth), treesOf(elem, depth - 1))
  return fc
    .uniqueArray(entry, {
      maxLength: depth > 0 ? 4 : 0,
      selector: ([{ go, v, hex }]) => JSON.stringify([go, v, hex]),
    })
    .map((v: Pair[]) => ({ go: type, v }))
}

const keyTypes = [
  'string',
  'string',
  'string',
  'int',
  'int64',
  'uint8',
  'bool',
  'float64',
  'complex128',
  'main.UserID',
  'main.Role',
  '[2]string',
  '[2]int',
  'nil',
]

function keysOf(type: string, depth: number): fc.Arbitrary<Tree> {
  if (type !== 'interface {}') return treesOf(type, depth)
  return fc
    .constantFrom(...keyTypes)
    .chain(name => treesOf(name, 1))
    .filter(isExactKey)
}

/** Excludes NaN, which Go's maps cannot find again, and -0, which equals 0. */
function isExactKey(tree: Tree): boolean {
  return [tree.bits, tree.re, tree.im].every(
    bits => bits === undefined || !/^(8000000000000000|[7f]ff[^0].*|[7f]ff0.*[^0].*)$/.test(bits),
  )
}

function structsOf(
  type: string,
  fields: Readonly<Record<string, string>>,
  depth: number,
): fc.Arbitrary<Tree> {
  const isDeep = (field: string): boolean => /^\*|^map|^\[\]|interface|^main\.[A-Z]\w+$/.test(field)
  const shallow = Object.entries(fields).filter(([, field]) => depth > 0 || !isDeep(field))
  const arbitraries = shallow.map(([name, field]) => [name, treesOf(field, depth - 1).map(asField)])
  const record = Object.fromEntries(arbitraries) as Record<string, fc.Arbitrary<Tree>>
  return fc
    .record(record, { requiredKeys: [] })
    .map(v => ({ go: type, v: v as Record<string, Tree> }))
}

/** The part of a field that gob preserves: it drops the sign of zero, and pointers to zero. */
function asField(tree: Tree): Tree {
  const { kind } = shapeOf(tree.go)
  if (kind === 'pointer') {
    const pointee = asField(tree.v as Tree)
    const isNil = pointee.v === null || (shapeOf(pointee.go).kind === 'basic' && isZero(pointee))
    return { ...tree, v: isNil ? null : pointee }
  }
  if (kind !== 'basic' || !isZero(tree)) return tree
  if (tree.bits !== undefined) return { ...tree, ...float(0), go: tree.go }
  return tree.re === undefined ? tree : { ...complex([0, 0]), go: tree.go }
}
