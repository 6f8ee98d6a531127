import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { CookieStore, type Options, ServerStore, type Store } from 'silverback'
import { memory } from 'silverback/memory'
import { newCookie, setCookieLine } from '../../src/http/cookie.ts'
import { setInJar } from '../../src/http/jar.ts'
import { keys } from '../support/keys.ts'

/** Runs `action` while every object inherits the property. */
async function polluted<T>(name: string, value: unknown, action: () => T): Promise<Awaited<T>> {
  const prototype = Object.prototype as unknown as Record<string, unknown>
  prototype[name] = value
  try {
    return await action()
  } finally {
    delete prototype[name]
  }
}

const pollutions: [name: string, value: unknown][] = [
  ['domain', 'evil.example'],
  ['path', '/evil'],
  ['maxAge', 999],
  ['expires', new Date()],
  ['secure', true],
  ['httpOnly', true],
  ['sameSite', 'none'],
  ['partitioned', true],
  ['priority', 'high'],
  ['options', { domain: 'evil.example' }],
  ['lifetime', { idle: 5, absolute: 5 }],
  ['idle', 5],
  ['absolute', 5],
  ['onSave', () => assert.fail('an inherited hook was called')],
]

const stores: Record<string, () => Store> = {
  CookieStore: () => new CookieStore({ keys }),
  'CookieStore with options': () => new CookieStore({ keys, options: { maxAge: 600 } }),
  'CookieStore with a lifetime': () => new CookieStore({ keys, lifetime: {} }),
  ServerStore: () => new ServerStore(memory(), { keys }),
}

async function savedLine(store: Store, options?: Options): Promise<string> {
  const response = new Response()
  const session = await store.get(new Request('https://example.com'), 'login')
  session.values.user = 'ann'
  if (options) session.options = options
  await session.save(new Request('https://example.com'), response)
  const [line = ''] = response.headers.getSetCookie()
  return line.replace(/^login=[^;]*/, '').replace(/Expires=[^;]*/, 'Expires')
}

suite('a polluted Object.prototype', () => {
  for (const [name, value] of pollutions) {
    for (const [kind, make] of Object.entries(stores)) {
      test(`does not change the cookie of a ${kind}: ${name}`, async () => {
        const expected = await savedLine(make())
        assert.equal(await polluted(name, value, () => savedLine(make())), expected)
        const bare = await savedLine(make(), { path: '/' })
        assert.equal(await polluted(name, value, () => savedLine(make(), { path: '/' })), bare)
      })
    }

    test(`adds no attribute to a cookie: ${name}`, async () => {
      for (const options of [{}, { path: '/' }]) {
        const make = (): string => setCookieLine(newCookie('sid', 'v', options))
        const expected = make()
        assert.equal(await polluted(name, value, make), expected)
        const bare = (): string => setCookieLine({ name: 'sid', value: 'v', attributes: options })
        assert.equal(await polluted(name, value, bare), expected)
        const inJar = (): string[] => {
          let given: object = {}
          setInJar({ set: (_, __, all) => (given = all) }, newCookie('sid', 'v', options))
          return Object.entries(given).map(entry => entry.join('='))
        }
        assert.deepEqual(await polluted(name, value, inJar), ['path=/'])
      }
    })
  }

  test('does not change the rules of cookie name prefixes', async () => {
    const make = () => newCookie('__Host-sid', 'v', { path: '/' })
    await assert.rejects(polluted('secure', true, make), { name: 'RangeError' })
  })
})
