/** The types that the Go program declares and registers (`interop/go/cmd/peer/types.go`). */

/** Named types that are not structs, and their underlying types. */
export const definedAs: Readonly<Record<string, string>> = {
  'main.UserID': 'int64',
  'main.Role': 'string',
  'main.Level': 'uint8',
  'main.Ratio': 'float32',
  'main.Flag': 'bool',
  'time.Duration': 'int64',
  'net.IP': '[]uint8',
  'net/url.Values': 'map[string][]string',
}

/** The types of the fields of each struct. */
export const structs: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'main.Empty': {},
  'main.Person': { Name: 'string', Age: 'int', Email: '*string', Tags: '[]string' },
  'main.Point': { X: 'int', Y: 'int' },
  'main.Node': {
    Value: 'int',
    Next: '*main.Node',
    Children: '[]main.Node',
    ByName: 'map[string]*main.Node',
  },
  'main.Account': {
    Person: 'main.Person',
    Point: '*main.Point',
    ID: 'main.UserID',
    Role: 'main.Role',
  },
  'main.Outer': {
    Bool: 'bool',
    Int: 'int',
    Int8: 'int8',
    Int16: 'int16',
    Int32: 'int32',
    Int64: 'int64',
    Uint: 'uint',
    Uint8: 'uint8',
    Uint16: 'uint16',
    Uint32: 'uint32',
    Uint64: 'uint64',
    Uintptr: 'uintptr',
    Float32: 'float32',
    Float64: 'float64',
    Complex64: 'complex64',
    Complex128: 'complex128',
    String: 'string',
    Bytes: '[]uint8',
    ID: 'main.UserID',
    Level: 'main.Level',
    Ratio: 'main.Ratio',
    Flag: 'main.Flag',
    Duration: 'time.Duration',
    Time: 'time.Time',
    Times: '[]time.Time',
    UUID: 'main.UUID',
    Big: '*big.Int',
    Link: '*url.URL',
    Ints: '[]int',
    Grid: '[][]int',
    Pair: '[2]int',
    Corners: '[2]main.Point',
    Digest: '[4]uint8',
    Anys: '[]interface {}',
    People: '[]main.Person',
    Points: '[]*main.Point',
    Counts: 'map[string]int',
    Object: 'map[string]interface {}',
    Mixed: 'map[interface {}]interface {}',
    ByID: 'map[main.UserID]main.Person',
    Any: 'interface {}',
    Person: 'main.Person',
    Owner: '*main.Person',
    Expires: '*time.Time',
    Deep: '**int',
    Tree: '*main.Node',
    Account: 'main.Account',
    Empty: 'main.Empty',
  },
}

/** The types that a session may hold in addition to those that gob and gorilla/sessions register. */
export const registered: readonly string[] = [
  ...Object.keys(definedAs),
  'main.Empty',
  'main.UUID',
  'main.Person',
  '*main.Point',
  '*main.Node',
  'main.Account',
  'main.Outer',
  'time.Time',
  '*big.Int',
  '*url.URL',
  'map[string]interface {}',
  'map[string]string',
  'map[string]int',
  'map[string]bool',
  'map[string]float64',
  'map[string][]string',
  'map[int]string',
  'map[interface {}]interface {}',
  'map[string]main.Person',
  'map[main.UserID]*main.Point',
  '[][]int',
  '[][]string',
  '[][]uint8',
  '[]time.Time',
  '[]map[string]interface {}',
  '[]main.Person',
  '[]*main.Point',
  '[2]int',
  '[2]string',
  '[2][2]int',
  '[4]uint8',
  '[2]interface {}',
]

export const integers: Readonly<Record<string, readonly [least: bigint, most: bigint]>> = {
  int: signed(64),
  int8: signed(8),
  int16: signed(16),
  int32: signed(32),
  int64: signed(64),
  uint: unsigned(64),
  uint8: unsigned(8),
  uint16: unsigned(16),
  uint32: unsigned(32),
  uint64: unsigned(64),
  uintptr: unsigned(64),
}

function signed(bits: number): readonly [bigint, bigint] {
  return [-(2n ** BigInt(bits - 1)), 2n ** BigInt(bits - 1) - 1n]
}

function unsigned(bits: number): readonly [bigint, bigint] {
  return [0n, 2n ** BigInt(bits) - 1n]
}

/** The types that gob and gorilla/sessions register. */
export const builtIn: readonly string[] = [
  ...['bool', 'string', 'float32', 'float64', 'complex64', 'complex128', ...Object.keys(integers)],
  ...['[]bool', '[]string', '[]float32', '[]float64', '[]complex64', '[]complex128'],
  ...Object.keys(integers).map(type => `[]${type}`),
  '[]interface {}',
]

/** The structure of a type. */
export type Shape =
  | { kind: 'basic' | 'bytes' | 'interface' | 'nil'; base: string }
  | { kind: 'time' | 'bigInt' | 'url' | 'uuid' }
  | { kind: 'pointer' | 'slice'; elem: string }
  | { kind: 'array'; elem: string; length: number }
  | { kind: 'map'; key: string; elem: string }
  | { kind: 'struct'; fields: Readonly<Record<string, string>> }

const whole: Readonly<Record<string, Shape>> = {
  nil: { kind: 'nil', base: 'nil' },
  'interface {}': { kind: 'interface', base: 'interface {}' },
  '[]uint8': { kind: 'bytes', base: '[]uint8' },
  'time.Time': { kind: 'time' },
  '*big.Int': { kind: 'bigInt' },
  '*url.URL': { kind: 'url' },
  'main.UUID': { kind: 'uuid' },
}

export function shapeOf(type: string): Shape {
  const name = definedAs[type] ?? type
  const fields = structs[name]
  if (fields) return { kind: 'struct', fields }
  const found = whole[name]
  if (found) return found
  if (name.startsWith('*')) return { kind: 'pointer', elem: name.slice(1) }
  if (name.startsWith('[]')) return { kind: 'slice', elem: name.slice(2) }
  const array = /^\[(\d+)\](.+)$/.exec(name)
  if (array) return { kind: 'array', length: Number(array[1]), elem: array[2] as string }
  const map = /^map\[([^\]]+)\](.+)$/.exec(name)
  if (map) return { kind: 'map', key: map[1] as string, elem: map[2] as string }
  return { kind: 'basic', base: name }
}
