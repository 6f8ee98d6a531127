import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import fc from 'fast-check'
import { shellWords } from '../../../src/cli/explain/shell-words.ts'

const commands: [text: string, words: string[]][] = [
  [`curl 'https://a/' -H 'a: b'`, ['curl', 'https://a/', '-H', 'a: b']],
  [
    `curl 'a' \\\n  -b 'x=1; y=2' \\\r\n  --compressed`,
    ['curl', 'a', '-b', 'x=1; y=2', '--compressed'],
  ],
  [`curl $'it\\'s\\u0021 \\x41\\n'`, ['curl', "it's! A\n"]],
  [`a "b \\"c\\" \\$d \\n" e\\ f`, ['a', 'b "c" $d \\n', 'e f']],
  [`a ''b"" ''`, ['a', 'b', '']],
  [`a | b`, ['a']],
  [`\n\na b; c`, ['a', 'b']],
  [`a $HOME "$(id)"`, ['a', '$HOME', '$(id)']],
]
for (const [text, words] of commands) {
  test(JSON.stringify(text), () => assert.deepEqual(shellWords(text), words))
}

test('a quote that is not closed is an error', () => {
  for (const text of [`curl 'a`, `curl "a`, `curl $'a\\'`])
    assert.throws(() => shellWords(text), SyntaxError)
})

test('reads quoted words as bash does', () => {
  const character = fc.constantFrom(...`ab'"\\$ \n\t!;|&#é😀`)
  const texts = fc.sample(fc.string({ unit: character, maxLength: 12 }), { numRuns: 60, seed: 1 })
  const single = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`
  const ansi = (text: string) =>
    `$'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n')}'`
  const line = texts.flatMap(text => [single(text), ansi(text)]).join(' ')
  const script = `printf '%s\\0' ${line}`
  const expected = execFileSync('bash', ['-c', script], { encoding: 'utf8' })
    .split('\0')
    .slice(0, -1)
  assert.deepEqual(shellWords(`x ${line}`).slice(1), expected)
})

test('garbage never throws anything else, and takes linear time', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...`a'"\\$ \n;`), maxLength: 50 }), text => {
      try {
        shellWords(text)
      } catch (error) {
        assert.ok(error instanceof SyntaxError)
      }
    }),
  )
  for (const unit of ['a ', "'' ", '\\', '$', '"\\"" ', "$'\\x41' ", '\n']) {
    const start = performance.now()
    try {
      shellWords(unit.repeat(1_000_000 / unit.length))
    } catch {}
    // Quadratic time would be many minutes.
    assert.ok(performance.now() - start < 30_000, unit)
  }
})
