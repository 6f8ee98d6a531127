import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { inspect } from 'node:util'
import { CookieStore, errorCodes, MultiError, Sealed, ServerStore, SessionError } from 'silverback'
import { memory } from 'silverback/memory'
import { put, Visit, visit } from './support/http/visit.ts'
import { keys } from './support/keys.ts'

const secret = 'hunter2 hunter2'

class Account {
  password = secret
}

/** Calls that fail, by the code or class of the error. Each of them is given the secret. */
const failures: Record<string, () => unknown> = {
  'cookie-too-large': () =>
    visit(new CookieStore({ keys }), put({ big: secret.repeat(500), small: secret })),
  'serialize-failed: a function': () =>
    visit(new CookieStore({ keys }), put({ secret, list: [secret, () => secret] })),
  'serialize-failed: a class': () => visit(new ServerStore(memory()), put({ it: new Account() })),
  'value-too-long': () =>
    visit(new ServerStore(memory(), { maxRecordBytes: 100 }), put({ text: secret.repeat(10) })),
  conflict: async () => {
    const store = new ServerStore(memory(), { onConflict: 'throw' })
    const cookie = await visit(store, put({ a: secret }))
    const slow = await Visit.open(store, cookie)
    await visit(store, put({ a: `${secret} 1` }), cookie)
    slow.session.values.a = `${secret} 2`
    return slow.save()
  },
  'store-failed': () => {
    const backend = memory()
    backend.create = (_, record) =>
      Promise.reject(Object.assign(new Error('down'), { parameters: [String(record.data)] }))
    return visit(new ServerStore(backend), put({ secret }))
  },
  'too-many-sessions': async () => {
    const limit = { count: 1, onLimit: 'reject' } as const
    const store = new ServerStore(memory(), { maxPerOwner: limit })
    await visit(store, session => session.login(secret))
    return visit(store, session => session.login(secret))
  },
  'text-too-long': () => new Sealed({ keys, maxLength: 10 }).open('sid', secret),
  'base64-invalid': () => new Sealed({ keys }).open('sid', secret),
  'mac-invalid': () => new Sealed({ keys }).open(secret, new Sealed({ keys }).encode('sid', 1)),
  'Error: a weak key': () => new CookieStore({ keys: [secret] }),
  'TypeError: a key in place of a list': () => new CookieStore({ keys: secret as never }),
}

suite('errors', () => {
  const page = readFileSync(new URL('../docs/errors.md', import.meta.url), 'utf8')
  const rows = [...page.matchAll(/^### `([a-z0-9-]+)`\n\nKind: (usage|decode|internal)\. /gm)]

  test('docs/errors.md has every code, in order, and no other', () => {
    assert.deepEqual(
      rows.map(row => row[1]),
      errorCodes,
    )
  })

  test('docs/errors.md has a cause and a fix for every code and warning', () => {
    const entries = page.split(/^#{2,3} /m).filter(entry => /^`[\w-]+`\n/.test(entry))
    assert.ok(entries.length > rows.length)
    for (const entry of entries) {
      const [code, cause, fix] = entry.split('\n\n')
      assert.match(String(cause), /^(?:Kind|When): [^.]+\. [\s\S]{20,}/, code)
      if (!/^`[A-Z]/.test(entry)) assert.match(String(fix), /^Fix: [\s\S]{10,}/, code)
    }
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

  test('show no key, no cookie value and no session data', async () => {
    for (const [what, fail] of Object.entries(failures)) {
      const error = await Promise.resolve()
        .then(fail)
        .then(
          () => assert.fail(`${what} did not fail`),
          (error: unknown) => error,
        )
      const shown = inspect(error, { depth: Number.POSITIVE_INFINITY })
      assert.ok(shown.includes(what.split(':')[0] as string), shown)
      // As bytes, too.
      assert.doesNotMatch(shown, /hunter2|104, ?117, ?110/, what)
    }
  })

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
