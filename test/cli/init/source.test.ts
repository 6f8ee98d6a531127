import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  closingBracket,
  maskCode,
  restyle,
  styleOf,
  toCommonJs,
} from '../../../src/cli/init/source.ts'

suite('maskCode', () => {
  test('blanks comments, strings, templates and regular expressions, and keeps positions', () => {
    const code = `a('(') // ")"
/* ' */ b(\`\${"x"}(\`, /[/'(]\\//.test(c), d / e / f)`
    const masked = maskCode(code) as string
    assert.equal(masked.length, code.length)
    assert.deepEqual(masked.match(/[()]/g), ['(', ')', '(', '(', ')', ')'])
    assert.equal(masked.split('\n').length, 2)
    assert.match(masked, /d \/ e \/ f\)$/)
  })

  test('gives up where a quote does not end', () => {
    assert.equal(maskCode("return <p>don't</p>"), undefined)
  })

  test('a backslash before a quote', () => {
    assert.equal(maskCode(`x('a\\'(') + "\\\\"`), `x('    ') + "  "`)
  })
})

test('closingBracket finds the end, or nothing', () => {
  assert.equal(closingBracket('f({ a: [(b)] })()', 1), 15)
  assert.equal(closingBracket('f({ a: [(b] })', 1), undefined)
  assert.equal(closingBracket('f(', 1), undefined)
})

test('templates are written in the style of the project', () => {
  const template = "export function f() {\n  return ['a', 'b']; // c\n}\n"
  const double = styleOf('import a from "a";\r\n\tf("b");\r\n')
  assert.equal(
    restyle(template, double),
    'export function f() {\r\n\treturn ["a", "b"]; // c\r\n}\r\n',
  )
  const bare = styleOf("import a from 'a'\n    f('b')\n")
  assert.equal(restyle(template, bare), "export function f() {\n    return ['a', 'b'] // c\n}\n")
  assert.equal(restyle(template, styleOf('')), template)
})

test('modules become CommonJS', () => {
  assert.equal(
    toCommonJs(`import x from 'x';
import { a, b as c } from './y';

export const d = 1;

export async function e() {}
`),
    `const x = require('x');
const { a, b: c } = require('./y');

const d = 1;

async function e() {}

module.exports = { d, e };
`,
  )
})
