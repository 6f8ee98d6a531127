import assert from 'node:assert/strict'
import { afterEach, suite, test } from 'node:test'
import { CookieStore, ServerStore } from 'silverback'
import { inspector } from 'silverback/inspector'
import { memory } from 'silverback/memory'
import { keys } from '../support/keys.ts'
import { Operator, withoutRandom } from './panel.ts'

const stores = { login: new ServerStore(memory()) }
const paths = [
  '',
  '?view=sessions',
  '?view=timeline',
  '?asset=style.css',
  '?asset=nothing',
  '?view=x',
]

/** Statuses of all pages and of a form. */
async function statuses(operator: Operator): Promise<number[]> {
  const found = []
  for (const path of paths) found.push((await operator.send(path)).status)
  found.push((await operator.post({ action: 'explain' })).status)
  return found
}

suite('access to the inspector', () => {
  const environment = process.env.NODE_ENV
  afterEach(() => {
    if (environment === undefined) delete process.env.NODE_ENV
    else process.env.NODE_ENV = environment
  })

  test('needs authorize wherever it may be production', () => {
    for (const value of ['production', 'staging', '', undefined]) {
      if (value === undefined) delete process.env.NODE_ENV
      else process.env.NODE_ENV = value
      assert.throws(
        () => inspector({ stores }),
        /needs the option authorize, because this may be production/,
      )
      assert.ok(inspector({ stores, authorize: () => true }))
    }
  })

  test('is for localhost only without authorize, so that no page can reach it by a name of its own', async () => {
    process.env.NODE_ENV = 'development'
    const panel = inspector({ stores })
    const status = async (url: string): Promise<number> =>
      (await panel.fetch(new Request(url))).status
    for (const host of ['localhost:3000', '127.0.0.1', '[::1]:8080', 'app.localhost']) {
      assert.equal(await status(`http://${host}/sessions`), 200, host)
    }
    for (const host of [
      'attacker.example',
      'localhost.attacker.example',
      '10.0.0.1',
      '127.0.0.1.nip.io',
    ]) {
      assert.equal(await status(`http://${host}/sessions`), 403, host)
    }
  })

  test('is for this machine only without authorize, where the address is known', async () => {
    process.env.NODE_ENV = 'development'
    const panel = inspector({ stores, trustProxy: 1 })
    const status = async (address: string): Promise<number> => {
      const headers = { 'x-forwarded-for': address }
      return (await panel.fetch(new Request('http://localhost/', { headers }))).status
    }
    for (const address of ['127.0.0.1', '[::1]']) assert.equal(await status(address), 200, address)
    for (const address of ['203.0.113.7', '10.0.0.1', '[2001:db8::1]']) {
      assert.equal(await status(address), 403, address)
    }
  })

  test('is granted by true only', async () => {
    for (const value of [false, undefined, null, 0, 1, 'yes', {}, [], () => true]) {
      const operator = new Operator(inspector({ stores, authorize: async () => value as boolean }))
      assert.deepEqual(await statuses(operator), paths.map(() => 404).concat(404), String(value))
      assert.equal(operator.cookie, '')
    }
    const admitted = new Operator(inspector({ stores, authorize: () => true }))
    assert.deepEqual(await statuses(admitted), [200, 200, 200, 200, 404, 404, 403])
  })

  test('is refused as for a path that does not exist', async () => {
    const operator = new Operator(inspector({ stores, authorize: () => false }))
    const html = await (await operator.send('?view=sessions')).text()
    assert.match(html, /<h1>Not found<\/h1>/)
    assert.doesNotMatch(withoutRandom(html), /inspector|session|login/i)
  })

  test('is refused, without details, if authorize fails', async () => {
    const reported: unknown[] = []
    const failure = new Error('the password of the database is hunter2')
    const operator = new Operator(
      inspector({
        stores,
        authorize: () => Promise.reject(failure),
        onError: error => {
          reported.push(error)
          throw new Error('the log is full')
        },
      }),
    )
    assert.deepEqual(
      await statuses(operator),
      [...paths, 'form'].map(() => 500),
    )
    assert.doesNotMatch(await (await operator.send('')).text(), /hunter2|database/)
    assert.equal(reported[0], failure)
  })

  test('can be answered with a response of the app', async () => {
    const authorize = (): Response => Response.redirect('https://app.example/sign-in')
    const operator = new Operator(inspector({ stores, authorize }))
    const response = await operator.send('')
    assert.equal(response.status, 302)
    assert.equal(response.headers.get('location'), 'https://app.example/sign-in')
    assert.equal(operator.cookie, '')
  })

  test('is decided with the sessions of the app, whose reads stay out of the timeline', async () => {
    const login = new CookieStore({ keys })
    const response = new Headers()
    const signingIn = new Request('https://app.example/')
    const session = await login.get(signingIn, 'login')
    session.login('root')
    await session.save(signingIn, { headers: response } as Response)
    const panel = inspector({
      stores: { login },
      authorize: async (request, original) => {
        assert.equal(original, 'context')
        return (await login.get(request, 'login')).owner === 'root'
      },
    })
    const operator = new Operator({ fetch: request => panel.fetch(request, 'context') })
    assert.equal((await operator.send('')).status, 404)
    const cookie = response.getSetCookie()[0]?.split(';')[0] as string
    const admitted = await operator.send('?view=timeline', { headers: { cookie } })
    assert.match(await admitted.text(), /Nothing yet/)
  })
})

suite('the options of the inspector', () => {
  test('are checked', () => {
    const authorize = (): boolean => true
    const refused: [object, RegExp][] = [
      [{}, /stores must be an object of stores by name, .*, not undefined/],
      [{ stores: stores.login }, /stores must be an object of stores by name/],
      [{ stores: {} }, /stores must have at least one store/],
      [
        { stores: { login: memory() } },
        /stores\.login must be a store of this library or a defined session/,
      ],
      [{ stores: { login: null } }, /stores\.login must be a store/],
      [{ stores, authorise: authorize }, /no option authorise \(did you mean authorize\?\)/],
      [{ stores, authorize: true }, /authorize must be a function/],
      [{ stores, redact: /secret/ }, /redact must be a function/],
      [{ stores, trustProxy: 'all' }, /trustProxy must be/],
    ]
    for (const [options, message] of refused) {
      assert.throws(() => inspector({ authorize, ...options } as never), message)
    }
  })

  test('accept a session that was defined', async () => {
    const { defineSession } = await import('silverback')
    const login = defineSession(new ServerStore(memory()), 'sid')
    assert.ok(inspector({ stores: { login }, authorize: () => true }))
  })
})
