/** Values that JSON carries, and the Go values that `encoding/json` reads them as. */

import fc from 'fast-check'
import { bitsOf, nil, type Pair, type Tree, text } from '../../interop/tree.ts'

/** Random objects. */
export const jsonObjects: fc.Arbitrary<Record<string, unknown>> = fc.dictionary(
  fc.string({ unit: 'grapheme', maxLength: 10 }).filter(key => key !== '__proto__'),
  fc.jsonValue({ maxDepth: 2, stringUnit: 'grapheme' }),
  { maxKeys: 5, noNullPrototype: true },
)

/** The Go value that `encoding/json` makes of a JSON value. */
export function jsonTree(value: unknown): Tree {
  switch (typeof value) {
    case 'string':
      return text(value)
    case 'boolean':
      return { go: 'bool', v: value }
    case 'number':
      return { go: 'float64', v: Object.is(value, -0) ? '-0' : String(value), bits: bitsOf(value) }
    default:
      if (value === null) return nil
      if (Array.isArray(value)) return { go: '[]interface {}', v: value.map(jsonTree) }
      return {
        go: 'map[string]interface {}',
        v: Object.entries(value as object).map(([key, item]): Pair => [text(key), jsonTree(item)]),
      }
  }
}
