/** Objects of one copy of the library work in another, or the error says that their versions do not fit. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, suite, test } from 'node:test'
import * as library from 'silverback'
import { CookieTooLargeError, MultiError, type Session, SessionError } from 'silverback'
import * as csrfOfLibrary from 'silverback/csrf'
import { memory } from 'silverback/memory'
import { thisCopy } from '../../src/lib/copies.ts'
import { cookieHeader, nodeRequest, nodeResponse, setCookieLines } from '../support/http/http.ts'
import { put, read, Visit, visit } from '../support/http/visit.ts'
import { keys } from '../support/keys.ts'
import { incompatibleCopy, SecondCopy } from '../support/second-copy.ts'

type Library = typeof library

const copy = new SecondCopy()
const incompatible = incompatibleCopy()
const other = await copy.import<Library>('index.ts')
const newer = await incompatible.import<Library>('index.ts')
const csrfOfCopy = await copy.import<typeof csrfOfLibrary>('session/csrf.ts')
after(() => {
  copy.remove()
  incompatible.remove()
})

/** Each copy as the one whose objects the other uses. */
const pairs: readonly (readonly [name: string, own: Library, foreign: Library])[] = [
  ['the original with objects of the copy', library, other],
  ['the copy with objects of the original', other, library],
]

/** Resolves to what the call throws or rejects with. */
async function failureOf(call: () => unknown): Promise<unknown> {
  try {
    await call()
  } catch (error) {
    return error
  }
  return assert.fail('it did not fail')
}

test('the second copy has classes of its own', () => {
  assert.notEqual(other.Session, library.Session)
})

for (const [name, own, foreign] of pairs) {
  suite(name, () => {
    test('saves every session of a request, in whichever copy it was read', async () => {
      const request = nodeRequest()
      const response = nodeResponse()
      const stores = [new own.CookieStore({ keys }), new foreign.ServerStore(memory())]
      const [one, two] = [
        await stores[0]!.get(request, 'one'),
        await stores[1]!.get(request, 'two'),
      ]
      one.values.a = 1
      two.increment('a')
      assert.equal(own.registry(request), foreign.registry(request))
      await own.save(request, response)
      const names = setCookieLines(response).map(line => line.split('=')[0])
      assert.deepEqual(names.sort(), ['one', 'two'])
      await foreign.save(request, response)
      for (const { explain } of [own, foreign]) {
        assert.deepEqual(
          explain(request).map(event => [event.type, 'outcome' in event && event.outcome]),
          [
            ['session', false],
            ['session', false],
            ['save', 'saved'],
            ['save', 'saved'],
            ['save', 'saved'],
            ['save', 'saved'],
          ],
        )
      }
      const next = nodeRequest(cookieHeader(response))
      assert.deepEqual((await stores[1]!.get(next, 'two')).values, { a: 1 })
    })

    test('finds the sessions of a request by its aliases', async () => {
      const request = nodeRequest()
      const alias = { headers: {} }
      const store = new own.CookieStore({ keys })
      foreign.aliasRequest(request, alias)
      assert.equal(await store.get(alias, 'sid'), await store.get(request, 'sid'))
      assert.equal(foreign.registry(alias).size, 1)
    })

    test('refuses one name for two stores', async () => {
      const request = nodeRequest()
      await new own.CookieStore({ keys }).get(request, 'sid')
      await assert.rejects(new foreign.CookieStore({ keys }).get(request, 'sid'), {
        code: 'store-mismatch',
      })
    })

    test('recognizes errors', async () => {
      const error = new foreign.SessionError('conflict', 'message')
      assert.ok(error instanceof own.SessionError)
      assert.ok(!(error instanceof own.MultiError))
      assert.ok(!(error instanceof own.CookieTooLargeError))
      const tooLarge = new foreign.CookieTooLargeError('sid', 5000, 4096, [])
      assert.ok(tooLarge instanceof own.CookieTooLargeError)
      assert.ok(tooLarge instanceof own.SessionError)
      const several = new foreign.MultiError([error])
      assert.ok(several instanceof own.MultiError)
      assert.ok(!(several instanceof own.SessionError))
      assert.deepEqual([several.isInternal, new own.MultiError([several]).isInternal], [true, true])
    })

    test('keeps the code of a failed save', async () => {
      const failing = async (change: (visit: Visit) => unknown): Promise<unknown> => {
        const store = new foreign.ServerStore(memory(), { onConflict: 'throw' })
        const cookie = await visit(store, put({ a: 0 }))
        const slow = await Visit.open(store, cookie)
        await visit(store, put({ a: 1 }), cookie)
        slow.session.values.a = 2
        await change(slow)
        return failureOf(() => own.save(slow.request, slow.response))
      }
      const codeOf = (error: unknown): string | undefined => {
        assert.ok(error instanceof own.SessionError)
        return error.code
      }
      assert.equal(codeOf(await failing(() => undefined)), 'conflict')
      const sent = await failing(({ response }) => void response.flushHeaders())
      assert.equal(codeOf(sent), 'headers-sent')
    })

    test('takes keyrings', async () => {
      const rings = [new foreign.Keyring(keys), foreign.keyring(async () => keys)]
      for (const ring of rings) {
        for (const store of [
          new own.CookieStore({ keys: ring }),
          new own.ServerStore(memory(), { keys: ring, encrypt: true }),
        ]) {
          const cookie = await visit(store, put({ a: 1 }))
          assert.deepEqual((await read(store, cookie)).values, { a: 1 })
        }
      }
      const sealed = new own.Sealed({ keys: rings[0] as never }).encode('sid', { a: 1 })
      assert.deepEqual(new foreign.Sealed({ keys }).decode('sid', sealed), { a: 1 })
    })

    test('rejects cookies because of errors of a codec', async () => {
      const store = new own.CookieStore({ codecs: [new foreign.Sealed({ keys })] })
      assert.equal((await Visit.open(store, 'sid=forged')).session.reason, 'malformed')
    })

    test('spares a session when it ends the others of its owner', async () => {
      const store = new own.ServerStore(memory())
      const cookies = [await visit(store, session => session.login('ann'))]
      cookies.push(await visit(store, session => session.login('ann')))
      const { session } = await Visit.open(store, cookies[0])
      // The store of another copy, for the same backend.
      const sameId = new foreign.Session(store, 'sid', { options: {}, id: session.id })
      assert.equal(store.handleOf(sameId), store.handleOf(session))
      assert.equal(await store.revokeAll('ann', { except: sameId }), 1)
      assert.equal((await read(store, cookies[0] as string)).owner, 'ann')
      assert.ok((await read(store, cookies[1] as string)).isNew)
    })

    test('applies a definition to a store', async () => {
      const clock = { at: 1_800_000_000 }
      const store = new own.ServerStore(memory(), { now: () => clock.at })
      foreign.defineSession<{ code?: string }>(store, 'sid', {
        keyLifetimes: { code: 60 },
        migrations: { 2: values => values },
        version: 2,
      })
      const cookie = await visit(store, put({ code: '123' }))
      assert.deepEqual((await read(store, cookie)).values.code, '123')
      clock.at += 61
      assert.equal((await read(store, cookie)).values.code, undefined)
    })

    test('gives a custom store the changes and the id of a session', async () => {
      const { session } = await Visit.open(new own.ServerStore(memory()))
      session.increment('visits', 2)
      session.rotate()
      assert.equal(foreign.Session.mergeableChanges(session).increments.get('visits'), 2)
      assert.equal(foreign.Session.rotationOf(session), 'rotate')
      foreign.Session.forgetChanges(session)
      assert.equal(foreign.Session.rotationOf(session), undefined)
      foreign.Session.assignId(session, 'id')
      assert.equal(session.id, 'id')
    })

    test('keeps entries whose keys are not strings', async () => {
      const store = new own.ServerStore(memory(), { serializer: foreign.json })
      const cookie = await visit(store, session => void session.keyed.set(42, 43))
      assert.equal((await read(store, cookie)).keyed.get(42), 43)
    })

    test('opens and protects sessions', async () => {
      const store = new foreign.ServerStore(memory())
      const { csrf } = own === library ? csrfOfLibrary : csrfOfCopy
      const request = nodeRequest()
      const response = nodeResponse()
      let token = ''
      {
        await using login = await own.openSession({ store, name: 'sid' }, request, response)
        token = csrf(login.session).token()
      }
      const { session } = await Visit.open(store, cookieHeader(response))
      assert.ok(csrf(session).verify(token))
    })

    test('watches sessions', async () => {
      const store = new own.ServerStore(memory())
      const cookie = await visit(store, put({ a: 1 }))
      const { session } = await Visit.open(store, cookie)
      let ends = 0
      await store.watch(new foreign.Session(store, 'sid', { options: {}, id: session.id }), () => {
        ends++
      })
      await store.revoke(store.handleOf(session) as string)
      assert.equal(ends, 1)
    })
  })
}

suite('an incompatible copy', () => {
  /** Each version finds out, whichever is first. */
  const versions = new RegExp(
    `^silverback (${thisCopy.version} and 99.0.0|99.0.0 and ${thisCopy.version}) cannot share sessions; use one version: see npm ls silverback`,
  )
  const mismatch = { name: 'SessionError', code: 'version-mismatch', message: versions }

  for (const [name, first, second] of [
    ['newer', library, newer],
    ['older', newer, library],
  ] as const) {
    test(`refuses the sessions of a request, being ${name}`, async () => {
      const request = nodeRequest()
      const alias = { headers: {} }
      await new first.CookieStore({ keys }).get(request, 'sid')
      first.aliasRequest(request, alias)
      for (const each of [request, alias]) {
        assert.throws(() => second.registry(each), mismatch)
        await assert.rejects(second.save(each, nodeResponse()), mismatch)
        await assert.rejects(async () => new second.ServerStore(memory()).get(each, 'b'), mismatch)
      }
      // The sessions of the first copy are not affected.
      await first.save(request, nodeResponse())
    })

    test(`refuses keyrings and sessions, being ${name}`, async () => {
      const ring = new first.Keyring(keys)
      assert.throws(() => new second.CookieStore({ keys: ring }), mismatch)
      assert.throws(() => new second.Sealed({ keys: ring }), mismatch)
      const { session } = await Visit.open(new first.ServerStore(memory()))
      assert.throws(() => second.Session.mergeableChanges(session), mismatch)
    })
  }

  test('does no harm to requests that it does not see', async () => {
    for (const each of [library, newer]) {
      const store = new each.CookieStore({ keys })
      const cookie = await visit(store, put({ a: 1 }))
      assert.deepEqual((await read(store, cookie)).values, { a: 1 })
    }
  })
})

test('derived errors are told apart by their class', () => {
  class AppError extends SessionError {}
  assert.ok(new AppError('conflict', '') instanceof AppError)
  assert.ok(new AppError('conflict', '') instanceof SessionError)
  assert.ok(!(new SessionError('conflict', '') instanceof AppError))
  for (const value of [undefined, null, 'SessionError', {}, new Error('message')]) {
    assert.ok(!(value instanceof SessionError))
    assert.ok(!(value instanceof MultiError))
    assert.ok(!(value instanceof CookieTooLargeError))
  }
})

test('anything but a session is refused', () => {
  const statics = library.Session
  assert.throws(() => statics.rotationOf({} as Session), {
    name: 'TypeError',
    message: 'session must be a Session, not an Object',
  })
})

test('the version is that of the package', () => {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  assert.equal(thisCopy.version, JSON.parse(manifest).version)
})
