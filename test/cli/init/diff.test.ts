import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { unifiedDiff } from '../../../src/cli/init/diff.ts'
import { styleFor } from '../../../src/cli/lib/style.ts'

const plain = styleFor(false)
const diffOf = (before: string | undefined, after: string, isSecret = false) =>
  unifiedDiff({ path: 'file', before, after, isSecret }, plain).join('\n')

test('a new file', () => {
  assert.equal(diffOf(undefined, 'a\nb\n'), '--- /dev/null\n+++ b/file\n@@ -0,0 +1,2 @@\n+a\n+b')
})

test('an insertion, with three lines around it', () => {
  const before = '1\n2\n3\n4\n5\n6\n7\n8\n'
  assert.equal(
    diffOf(before, before.replace('5\n', '5\nnew\n')),
    '--- a/file\n+++ b/file\n@@ -3,6 +3,7 @@\n 3\n 4\n 5\n+new\n 6\n 7\n 8',
  )
})

test('values of secrets are not shown, neither old nor new', () => {
  const diff = diffOf(
    'OLD=hunter2\nexport A = "x"\n',
    'OLD=hunter2\nexport A = "x"\nKEY=abc=\n',
    true,
  )
  assert.doesNotMatch(diff, /hunter2|abc|"x"/)
  assert.match(diff, /\+KEY=…/)
})

test('control characters of a file do not reach the terminal', () => {
  assert.ok(!diffOf('\x1b[2Ja\n', '\x1b[2Ja\n\tb\n').includes('\x1b'))
})

test('applied to the old lines, a diff gives the new ones', () => {
  const lines = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 30 })
  fc.assert(
    fc.property(lines, lines, (before, after) => {
      const [from, to] = [before, after].map(each => `${each.join('\n')}\n`) as [string, string]
      assert.deepEqual(patch(before, diffOf(from, to).split('\n').slice(2)), after)
    }),
  )
})

/** Applies the hunks of a diff, and checks their numbers and unchanged lines. */
function patch(lines: readonly string[], diff: readonly string[]): string[] {
  const result: string[] = []
  let next = 0
  for (const line of diff) {
    const [, from, size, to] = /^@@ -(\d+),(\d+) \+(\d+),\d+ @@$/.exec(line)?.map(Number) ?? []
    if (from !== undefined) {
      const start = size === 0 ? from : from - 1
      result.push(...lines.slice(next, start))
      next = start
      assert.equal(result.length, (to as number) - 1)
      continue
    }
    if (line[0] !== '+') assert.equal(lines[next++], line.slice(1))
    if (line[0] !== '-') result.push(line.slice(1))
  }
  return [...result, ...lines.slice(next)]
}
