import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import {
  CookieStore,
  type FlashMessage,
  flash,
  json,
  ServerStore,
  Session,
  type Store,
  type Values,
} from 'silverback'
import { cookieStore } from 'silverback/gorilla'
import { memory } from 'silverback/memory'
import { codecsFromPairs, gob, plainJson } from 'silverback/securecookie'
import { cookieHeader, nodeRequest, nodeResponse } from '../support/http/http.ts'
import { keys } from '../support/keys.ts'

const newSession = (values: Values = {}): Session =>
  new Session(new CookieStore({ keys }), 'login', { options: { path: '/' }, values })

/** Stores of each kind, with the serializers that store flash messages differently. */
const stores: Record<string, () => Store> = {
  'cookies, json': () => new CookieStore({ keys }),
  'cookies, gob': () => cookieStore('hash key', null),
  'cookies, plainJson': () =>
    new CookieStore({ codecs: codecsFromPairs(['key', null], { serializer: plainJson }) }),
  'server, json': () => new ServerStore(memory(), { serializer: json }),
  'server, gob': () => new ServerStore(memory(), { serializer: gob }),
}

/** One visitor: each request loads the session, calls `handle` and saves. */
function visitor(store: Store): <R>(handle: (session: Session) => R | Promise<R>) => Promise<R> {
  let cookie: string | undefined
  return async handle => {
    const request = nodeRequest(cookie)
    const response = nodeResponse()
    const session = await store.get(request, 'sid')
    const result = await handle(session)
    await session.save(request, response)
    cookie = cookieHeader(response) || cookie
    return result
  }
}

suite('flash messages', () => {
  test('can be peeked without consuming them', () => {
    const session = newSession({ _flash: ['a'] })
    session.addFlash('b')
    assert.deepEqual(session.peekFlashes(), ['a', 'b'])
    assert.deepEqual(session.peekFlashes('other'), [])
    assert.deepEqual(session.flashes(), ['a', 'b'])
    assert.deepEqual(session.peekFlashes(), [])
  })

  test('of flashNow come last and are never saved', () => {
    const session = newSession({ _flash: ['a'] })
    session.flashNow('now')
    session.flashNow('and here', 'other')
    assert.deepEqual(session.values, { _flash: ['a'] })
    assert.deepEqual(session.peekFlashes(), ['a', 'now'])
    assert.deepEqual(session.flashes(), ['a', 'now'])
    assert.deepEqual(session.flashes(), [])
    assert.deepEqual(session.flashes('other'), ['and here'])
    assert.deepEqual(session.values, {})
  })

  test('that were taken can be kept for the next request, in order', () => {
    const session = newSession({ _flash: ['a', 'b'], other: ['c'] })
    session.keepFlashes()
    assert.deepEqual(session.flashes(), ['a', 'b'])
    session.flashNow('now')
    session.flashes()
    session.flashes('other')
    session.addFlash('d')
    session.keepFlashes()
    session.keepFlashes()
    assert.deepEqual(session.values, { _flash: ['a', 'b', 'd'] })
  })

  test('have levels under any key', () => {
    const session = newSession()
    session.addFlash(flash.success('Saved'))
    session.addFlash(flash.warning('Soon full'), 'quota')
    session.flashNow(flash.error('Not sent'))
    const messages: FlashMessage[] = session.flashes<FlashMessage>()
    assert.deepEqual(messages, [
      { level: 'success', text: 'Saved' },
      { level: 'error', text: 'Not sent' },
    ])
    assert.deepEqual(session.flashes('quota'), [flash.warning('Soon full')])
    assert.deepEqual(flash.info('x'), { level: 'info', text: 'x' })
  })

  test('are dropped when the session is destroyed', () => {
    const session = newSession({ _flash: ['a'] })
    session.destroy()
    assert.deepEqual(session.flashes(), [])
    assert.deepEqual(session.peekFlashes(), [])
    assert.equal(session.oldInput('email'), undefined)
    session.flashNow('Bye')
    assert.deepEqual(session.flashes(), ['Bye'])
    assert.throws(() => session.addFlash('x'), { code: 'session-destroyed' })
  })

  test('throw an error that names the key if its value is not a list', () => {
    const session = newSession({ cart: 3 })
    const message = 'values.cart is not a list of flash messages; use another key'
    assert.throws(() => session.peekFlashes('cart'), { name: 'TypeError', message })
    assert.doesNotThrow(() => session.flashNow('x', 'cart'))
  })

  for (const [title, open] of Object.entries(stores)) {
    test(`behave like a list for any sequence of calls: ${title}`, async () => {
      const calls = fc.constantFrom('add', 'now', 'peek', 'read', 'take', 'keep')
      const call = fc.record({ call: calls, key: fc.constantFrom('_flash', 'other') })
      const requests = fc.array(fc.array(call, { maxLength: 6 }), { maxLength: 5 })
      await fc.assert(
        fc.asyncProperty(requests, async requests => {
          const visit = visitor(open())
          const kept: Record<string, string[]> = { _flash: [], other: [] }
          let count = 0
          for (const calls of requests) {
            const now: Record<string, string[]> = { _flash: [], other: [] }
            const taken: Record<string, string[]> = { _flash: [], other: [] }
            await visit(async session => {
              for (const { call, key } of calls) {
                const [list, extra, seen] = [kept, now, taken].map(
                  each => each[key] as string[],
                ) as [string[], string[], string[]]
                const text = `message ${count++}`
                if (call === 'add') {
                  session.addFlash(text, key)
                  list.push(text)
                } else if (call === 'now') {
                  session.flashNow(text, key)
                  extra.push(text)
                } else if (call === 'keep') {
                  session.keepFlashes(key)
                  list.unshift(...seen.splice(0))
                } else if (call === 'peek') {
                  assert.deepEqual(session.peekFlashes(key), [...list, ...extra])
                } else {
                  const got =
                    call === 'take' ? await session.takeFlashes(key) : session.flashes(key)
                  assert.deepEqual(got, [...list, ...extra])
                  seen.push(...list.splice(0))
                  extra.splice(0)
                }
              }
            })
          }
          await visit(session => {
            for (const key of ['_flash', 'other']) {
              assert.deepEqual(session.peekFlashes(key), kept[key])
            }
          })
        }),
        { numRuns: 60 },
      )
    })
  }
})

suite('flash messages of concurrent requests', () => {
  /** Returns `count` concurrent requests that have read one session with these values. */
  async function readers(count: number, store: ServerStore, values: Values) {
    const response = nodeResponse()
    const request = nodeRequest()
    const first = await store.get(request, 'sid')
    Object.assign(first.values, values)
    await first.save(request, response)
    const cookie = cookieHeader(response)
    const read = async () => {
      const request = nodeRequest(cookie)
      const session = await store.get(request, 'sid')
      return { session, save: () => session.save(request, nodeResponse()) }
    }
    return { read, sessions: await Promise.all(Array.from({ length: count }, read)) }
  }

  for (const [title, options] of Object.entries({
    json: { serializer: json },
    gob: { serializer: gob },
    encrypted: { keys, encrypt: true },
  })) {
    test(`are taken by exactly one request and never lost: ${title}`, async () => {
      const call = fc.constantFrom('add', 'take', 'keep', 'set', 'save')
      const requests = fc.array(fc.array(call, { maxLength: 6 }), { minLength: 2, maxLength: 5 })
      await fc.assert(
        fc.asyncProperty(requests, async requests => {
          const store = new ServerStore(memory(), options)
          const start = { _flash: ['first', 'second'], n: 0 }
          const { read, sessions } = await readers(requests.length, store, start)
          const added = ['first', 'second']
          const got: unknown[] = []
          await Promise.all(
            requests.map(async (calls, index) => {
              const { session, save } = sessions[index] as (typeof sessions)[number]
              let mine: unknown[] = []
              for (const [position, call] of [...calls, 'save'].entries()) {
                const text = `${index}.${position}`
                if (call === 'add') {
                  session.addFlash(text)
                  added.push(text)
                } else if (call === 'take') mine.push(...(await session.takeFlashes()))
                else if (call === 'keep') {
                  session.keepFlashes()
                  mine = []
                } else if (call === 'set') {
                  session.values[`key${index}`] = text
                  session.increment('n')
                } else await save()
              }
              got.push(...mine)
            }),
          )
          const { session } = await read()
          got.push(...session.peekFlashes())
          assert.deepEqual(got.sort(), added.sort())
          const counts = requests.map(calls => calls.filter(call => call === 'set').length)
          assert.equal(
            session.values.n,
            counts.reduce((sum, count) => sum + count, 0),
          )
          for (const [index, calls] of requests.entries()) {
            const last = calls.lastIndexOf('set')
            assert.equal(session.values[`key${index}`], last < 0 ? undefined : `${index}.${last}`)
          }
        }),
        { numRuns: 60 },
      )
    })
  }

  test('may be seen by several requests with flashes(), but are never lost', async () => {
    const { read, sessions } = await readers(2, new ServerStore(memory()), { _flash: ['a'] })
    const [one, other] = sessions as [(typeof sessions)[number], (typeof sessions)[number]]
    other.session.addFlash('b')
    assert.deepEqual(one.session.flashes(), ['a'])
    await Promise.all([one.save(), other.save()])
    assert.deepEqual((await read()).session.flashes(), ['b'])
  })

  test('can be kept after takeFlashes()', async () => {
    const { read, sessions } = await readers(1, new ServerStore(memory()), { _flash: ['a'] })
    const [{ session, save }] = sessions as [(typeof sessions)[number]]
    assert.deepEqual(await session.takeFlashes(), ['a'])
    session.keepFlashes()
    await save()
    assert.deepEqual((await read()).session.flashes(), ['a'])
  })

  test('can be taken without undoing what another request has set', async () => {
    const { read, sessions } = await readers(2, new ServerStore(memory()), { _flash: ['a'] })
    const [one, other] = sessions as [(typeof sessions)[number], (typeof sessions)[number]]
    other.session.label = 'Firefox'
    await other.save()
    assert.deepEqual(await one.session.takeFlashes(), ['a'])
    one.session.values.seen = true
    await one.save()
    assert.equal((await read()).session.label, 'Firefox')
  })

  test('are not taken again by a request that keeps earlier ones', async () => {
    const { read, sessions } = await readers(2, new ServerStore(memory()), { _flash: ['a'] })
    const [one, other] = sessions as [(typeof sessions)[number], (typeof sessions)[number]]
    await one.session.takeFlashes()
    one.session.addFlash('b')
    await one.save()
    assert.deepEqual(await other.session.takeFlashes(), ['b'])
    one.session.keepFlashes()
    await one.save()
    assert.deepEqual((await read()).session.flashes(), ['a'])
  })

  test('leave the identity of other objects in the session alone', async () => {
    const values = { _flash: ['a'], cart: { items: 1 } }
    const { read, sessions } = await readers(2, new ServerStore(memory()), values)
    const [one, other] = sessions as [(typeof sessions)[number], (typeof sessions)[number]]
    other.session.values.theme = 'dark'
    await other.save()
    const cart = one.session.values.cart as { items: number }
    assert.deepEqual(await one.session.takeFlashes(), ['a'])
    cart.items = 2
    await one.save()
    const { session } = await read()
    assert.deepEqual(session.values, { cart: { items: 2 }, theme: 'dark' })
  })

  test('are dropped if the session has ended, and stay with it if it was rotated', async () => {
    const store = new ServerStore(memory())
    for (const end of ['destroy', 'rotate'] as const) {
      const { sessions } = await readers(2, store, { _flash: ['a'] })
      const [one, other] = sessions as [(typeof sessions)[number], (typeof sessions)[number]]
      other.session[end]()
      await other.save()
      one.session.addFlash('mine')
      assert.deepEqual(await one.session.takeFlashes(), ['mine'])
      await one.save()
      if (end === 'destroy') continue
      const response = nodeResponse()
      await other.save()
      const request = nodeRequest()
      other.session.values.seen = true
      await other.session.save(request, response)
      const later = await store.get(nodeRequest(cookieHeader(response)), 'sid')
      assert.deepEqual(later.flashes(), ['a'])
    }
  })

  test('are not consumed when the backend fails', async () => {
    const backend = memory()
    const { read, sessions } = await readers(1, new ServerStore(backend), { _flash: ['a'] })
    const { update } = backend
    backend.update = () => Promise.reject(new Error('no network'))
    const [{ session }] = sessions as [(typeof sessions)[number]]
    await assert.rejects(session.takeFlashes(), { code: 'store-failed' })
    backend.update = update
    assert.deepEqual(session.peekFlashes(), ['a'])
    assert.deepEqual(await (await read()).session.takeFlashes(), ['a'])
    assert.deepEqual(await (await read()).session.takeFlashes(), [])
  })

  test('reject takeFlashes() if the value of the key is not a list', async () => {
    const { sessions } = await readers(1, new ServerStore(memory()), { cart: 3 })
    const [{ session }] = sessions as [(typeof sessions)[number]]
    await assert.rejects(session.takeFlashes('cart'), { name: 'TypeError' })
    assert.deepEqual(session.values, { cart: 3 })
  })
})

suite('a submitted form', () => {
  for (const [title, open] of Object.entries(stores)) {
    test(`is returned once, to the next request that reads it: ${title}`, async () => {
      const visit = visitor(open())
      const form = new URLSearchParams('email=ann%40x.example&tag=a&tag=b&empty=&__proto__=p')
      await visit(session => {
        session.flashInput(form)
        session.flashErrors({ email: 'is taken', name: ['is short', 'is odd'], fine: undefined })
      })
      await visit(() => undefined)
      await visit(session => {
        assert.equal(session.oldInput('email'), 'ann@x.example')
        assert.equal(session.oldInput('empty'), '')
        assert.equal(session.oldInput('nothing'), undefined)
        assert.deepEqual([...session.oldInput()], [...form])
        assert.deepEqual(session.fieldErrors('email'), ['is taken'])
        assert.deepEqual(session.fieldErrors('fine'), [])
        assert.deepEqual(
          session.fieldErrors(),
          new Map([
            ['email', ['is taken']],
            ['name', ['is short', 'is odd']],
          ]),
        )
      })
      await visit(session => {
        assert.equal(session.oldInput('email'), undefined)
        assert.equal(session.fieldErrors().size, 0)
        assert.deepEqual(session.values, {})
      })
    })
  }

  test('replaces an earlier form', () => {
    const session = newSession()
    session.flashInput({ email: 'old', name: 'old' })
    session.flashInput({ email: 'new' })
    session.flashErrors({ name: 'old' })
    session.flashErrors({ email: 'new' })
    assert.equal(session.oldInput().toString(), 'email=new')
    assert.deepEqual([...session.fieldErrors()], [['email', ['new']]])
    session.flashInput({ email: 'newest' })
    assert.equal(session.oldInput('email'), 'newest')
    session.flashErrors({})
    assert.equal(session.fieldErrors().size, 0)
    assert.deepEqual(session.values, {})
  })

  test('may be of any type; values that are not primitives are left out', () => {
    const data = new FormData()
    data.append('name', 'Ann')
    data.append('photo', new Blob(['…']), 'photo.png')
    data.append('tag', 'a')
    data.append('tag', 'b')
    for (const [form, expected] of [
      [data, 'name=Ann&tag=a&tag=b'],
      [new Map([['name', 'Ann']]), 'name=Ann'],
      [
        { age: 7, ok: true, tags: ['a', 1, {}], nested: { a: 1 }, none: null },
        'age=7&ok=true&tags=a&tags=1',
      ],
      [{}, ''],
    ] as const) {
      const session = newSession()
      session.flashInput(form)
      assert.equal(session.oldInput().toString(), expected)
    }
  })

  test('omits fields whose names suggest secrets, unless the option only lists them', () => {
    const secrets = [
      ...[
        'password',
        'Password',
        'new_password',
        'user[password]',
        'passwordConfirmation',
        'passwd',
      ],
      ...['pass', 'pwd', 'passphrase', 'secret', 'client-secret', 'access_token', '_csrf', 'PIN'],
      ...['otp', 'one-time-code', 'cvc', 'card[cvv]', 'cardNumber', 'card-no', 'securityCode'],
    ]
    const plain = ['email', 'compass', 'passenger', 'pinned', 'shipping', 'passport', 'cardigan']
    const form = Object.fromEntries([...secrets, ...plain].map(name => [name, 'x']))
    const kept = (options?: Parameters<Session['flashInput']>[1]): string[] => {
      const session = newSession()
      session.flashInput(form, options)
      return [...session.oldInput().keys()]
    }
    assert.deepEqual(kept(), plain)
    assert.deepEqual(kept({ except: ['email', 'cardigan'] }), plain.slice(1, -1))
    assert.deepEqual(kept({ only: ['email', 'pass'] }), ['pass', 'email'])
  })

  for (const name of [
    // The autocomplete tokens of the HTML standard.
    ...['current-password', 'new-password', 'one-time-code', 'cc-name', 'cc-given-name'],
    ...['cc-additional-name', 'cc-family-name', 'cc-number', 'cc-exp', 'cc-exp-month'],
    ...['cc-exp-year', 'cc-csc', 'cc-type', 'billing cc-number', 'payment[cc-csc]', 'ccNumber'],
    ...['cc_no', 'ccnumber', 'csc', 'card_csc', 'credit-card', 'cvv2'],
    ...['pin_code', 'pinCode', 'new-pin', 'userPIN', 'user[pin]', 'mfa_code', 'mfa', '2fa', 'TFA'],
    ...['ssn', 'social_security_number'],
    ...['2fa_code', 'otp_code', 'totp', 'sms-code', 'smsCode', 'verificationCode', 'auth_code'],
    ...['backup_code', 'recovery-code', 'security_answer'],
    ...['api_key', 'apiKey', 'API-KEY', 'APIKey', 'access_key', 'private_key', 'secret_key'],
    ...['authorization', 'Authorization', 'authorisation', 'auth', 'x-auth', 'bearer', 'jwt'],
    ...['session_id', 'credentials', 'xsrf', 'user_pass', 'userPass', 'pass[]'],
  ]) {
    test(`omits the field ${name}`, () => {
      const session = newSession()
      session.flashInput({ [name]: 'x' })
      assert.equal(session.oldInput().size, 0)
    })
  }

  for (const name of [
    ...['cc', 'cc_emails', 'account', 'accountName', 'access', 'success', 'pinterest', 'spin'],
    ...['opinion', 'happiness', 'author', 'authors', 'compass', 'passage', 'passengers', 'code'],
    ...['postcode', 'zip_code', 'country-code', 'keyboard', 'keywords', 'laptop', 'option'],
    ...['cardigan', 'discard', 'description', 'exp', 'type', 'name', 'given-name', 'acctype'],
  ]) {
    test(`keeps the field ${name}`, () => {
      const session = newSession()
      session.flashInput({ [name]: 'x' })
      assert.equal(session.oldInput(name), 'x')
    })
  }

  test('omits fields that do not fit, so that no client can make a session too large', async () => {
    const visit = visitor(new CookieStore({ keys }))
    const long = 'é'.repeat(2000)
    await visit(session => session.flashInput({ a: 'a', long, b: 'b', ...hostileForm }))
    await visit(session => {
      assert.equal(session.oldInput('a'), 'a')
      assert.equal(session.oldInput('b'), 'b')
      assert.equal(session.oldInput('long'), undefined)
      assert.ok(session.oldInput().size < 300)
    })
    const session = newSession()
    session.flashInput({ a: 'a', long, b: 'b' }, { maxBytes: 5000 })
    assert.equal(session.oldInput('long'), long)
    assert.throws(() => session.flashInput({}, { maxBytes: 0 }), {
      name: 'RangeError',
      message: 'maxBytes must be a whole number of at least 1, not 0',
    })
  })

  test('tolerates unexpected values under its keys', () => {
    const session = newSession({ _input: ['a', 1, null, 'b', 'c'], _errors: [{}] })
    assert.deepEqual(
      [...session.oldInput()],
      [
        ['a', ''],
        ['', 'b'],
        ['c', ''],
      ],
    )
    assert.deepEqual([...session.fieldErrors()], [['', ['']]])
  })
})

const hostileForm = Object.fromEntries(
  Array.from({ length: 5000 }, (_, index) => [`x${index}`, '']),
)
