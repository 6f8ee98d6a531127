import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { errorCodes, MultiError, SessionError } from 'silverback'

suite('errors', () => {
  const page = readFileSync(new URL('../docs/errors.md', import.meta.url), 'utf8')
  const rows = [...page.matchAll(/^\| `([a-z0-9-]+)` \| (usage|decode|internal) \|/gm)]

  test('docs/errors.md has every code, in order, and no other', () => {
    assert.deepEqual(
      rows.map(row => row[1]),
      errorCodes,
    )
  })

  for (const [, code, kind] of rows) {
    test(`${code} is a ${kind} error`, () => {
      const error = new SessionError(code as 'store-failed', 'message')
      assert.deepEqual(
        { usage: error.isUsage, decode: error.isDecode, internal: error.isInternal },
        { usage: kind === 'usage', decode: kind === 'decode', internal: kind === 'internal' },
      )
    })
  }

  test('a cause is kept', () => {
    const cause = new Error('why')
    assert.equal(new SessionError('store-failed', 'what', { cause }).cause, cause)
  })

  test('several errors are one, with the kinds of all of them', () => {
    const usage = new SessionError('no-codecs', 'first')
    const decode = new SessionError('mac-invalid', 'second')
    const error = new MultiError([usage, new MultiError([decode, decode]), new Error('third')])
    assert.equal(error.message, 'first (and 2 other errors)')
    assert.deepEqual([error.isUsage, error.isDecode, error.isInternal], [true, true, false])
    assert.equal(new MultiError([usage]).message, 'first')
    assert.equal(new MultiError([usage, decode]).message, 'first (and 1 other error)')
    assert.equal(new MultiError([]).message, '(0 errors)')
  })
})
