import assert from 'node:assert/strict'
import { createCipheriv, randomBytes } from 'node:crypto'
import type { RequestListener } from 'node:http'
import { suite, test } from 'node:test'
import { parseCookie, stringifySetCookie } from 'cookie'
import { svelteKitCookieSession } from 'silverback/migrate'
import { handleSession } from 'svelte-kit-cookie-session'
import { found, inYears, login, testMove } from './move.ts'

const secret = 'a secret of exactly 32 characters'.slice(0, 32)
const older = 'another secret of 32 characters, older'.slice(0, 32)

/** SvelteKit's `event.cookies`. */
function cookiesOf(header = '') {
  const lines = new Map<string, string>()
  const sent = parseCookie(header) as Record<string, string>
  return {
    lines: () => [...lines.values()],
    get: (name: string) => sent[name],
    getAll: () => Object.entries(sent).map(([name, value]) => ({ name, value })),
    set(name: string, value: string, options: object) {
      lines.set(name, stringifySetCookie({ ...options, name, value }))
    },
    delete(name: string, options: object) {
      lines.set(name, stringifySetCookie({ ...options, name, value: '', maxAge: 0 }))
    },
  }
}

function oldApp(options: object, values: object = login): RequestListener {
  const handle = handleSession(options as never) as unknown as (input: object) => Promise<Response>
  return async (request, response) => {
    const cookies = cookiesOf(request.headers.cookie)
    const event = {
      request: new Request(`http://localhost${request.url}`),
      cookies,
      locals: {} as { session: { data: object; set(values: object): Promise<void> } },
    }
    const resolve = async ({ locals: { session } }: typeof event) => {
      if (request.url === '/login') await session.set(values)
      const { expires: _, ...data } = session.data as { expires?: unknown }
      return Response.json(data)
    }
    const result = await handle({ event, resolve })
    response.setHeader('Set-Cookie', cookies.lines())
    response.end(await result.text())
  }
}

testMove('from svelte-kit-cookie-session', () => ({
  old: oldApp({ secret }),
  reader: changed => svelteKitCookieSession({ secret, ...changed }),
  others: {
    'another secret': svelteKitCookieSession({ secret: older }),
    'another name': svelteKitCookieSession({ secret, cookie: 'other' }),
    expired: svelteKitCookieSession({ secret, now: inYears(1) }),
  },
  cookies: ['kit.session'],
}))

const secrets = [
  { id: 2, secret: new TextEncoder().encode(secret) },
  { id: 1, secret: older },
]

testMove('from svelte-kit-cookie-session with an older secret and a custom cookie name', () => ({
  old: oldApp({ secret: [{ id: 1, secret: older }], key: 'app' }),
  reader: changed => svelteKitCookieSession({ secret: secrets, cookie: 'app', ...changed }),
  others: {
    'without the older secret': svelteKitCookieSession({ secret, cookie: 'app' }),
  },
  cookies: ['app'],
}))

const large = { ...login, text: 'x'.repeat(2500) }

testMove('from svelte-kit-cookie-session in chunks', () => ({
  old: oldApp({ secret, chunked: true }, large),
  values: large,
  reader: changed => svelteKitCookieSession({ secret: secrets, ...changed }),
  others: { 'another secret': svelteKitCookieSession({ secret: older }) },
  cookies: ['kit.session.0', 'kit.session.1', 'kit.session.meta'],
}))

suite('svelte-kit-cookie-session: boxes', () => {
  const boxOf = (json: string) => {
    const nonce = randomBytes(12)
    const cipher = createCipheriv('aes-256-gcm', secret, nonce)
    const box = Buffer.concat([nonce, cipher.update(json), cipher.final(), cipher.getAuthTag()])
    return box.toString('hex')
  }
  const read = (content: unknown, id = '%26id%3D1') =>
    found(svelteKitCookieSession({ secret, now: () => 1000 }), {
      'kit.session': boxOf(JSON.stringify(content)) + id,
    })

  for (const [expires, isAlive] of [
    ['1970-01-01T00:16:41.000Z', true],
    ['1970-01-01T00:16:40.000Z', false],
    ['whenever', false],
    [1e12, false],
    [undefined, false],
  ] as const) {
    test(`treats a session that expires at ${expires} as ${isAlive ? 'alive' : 'expired'}`, async () => {
      assert.deepEqual(await read({ expires, a: 1 }), isAlive ? { a: 1 } : undefined)
    })
  }

  test('does not use the id, which is not authenticated', async () => {
    const content = { expires: '2000-01-01', a: 1 }
    for (const id of ['', '%26id%3D7', '&id=1', '%26id%3D']) {
      assert.deepEqual(await read(content, id), { a: 1 })
    }
  })

  for (const content of [null, 'text', 1, [1]]) {
    test(`finds no session in ${JSON.stringify(content)}`, async () => {
      assert.equal(await read(content), undefined)
    })
  }

  test('requires exactly the announced chunks, in order', async () => {
    const box = boxOf(JSON.stringify({ expires: '2000-01-01', a: 1 }))
    const [one, two] = [box.slice(0, 20), box.slice(20)]
    const read = (meta: string, first = one, second = two) =>
      found(svelteKitCookieSession({ secret, now: () => 1000 }), {
        'kit.session.meta': meta,
        'kit.session.0': first,
        'kit.session.1': second,
      })
    assert.deepEqual(await read('2-1'), { a: 1 })
    assert.equal(await read('2-1', two, one), undefined)
    for (const meta of ['', '2', '0-1', '1-1', '3-1', '17-1', '999-1', '1e9-1', '-2-1', 'NaN-1']) {
      assert.equal(await read(meta), undefined)
    }
  })

  test('refuses wrong options', () => {
    const options = (wrong: unknown) => () => svelteKitCookieSession({ secret: wrong } as never)
    assert.throws(
      options(undefined),
      /^TypeError: secret must be a string or a Uint8Array, not undef/,
    )
    assert.throws(options('short'), /^RangeError: secret must have 32 bytes, not 5/)
    assert.throws(options([]), /^TypeError: secret must not be an empty array/)
    assert.throws(options([secret]), /^TypeError: secret\[0\] must be { id, secret }, not a string/)
    assert.throws(
      options([{ id: 1, secret: 'short' }]),
      /^RangeError: secret\[0\]\.secret must have 32 bytes/,
    )
    assert.throws(
      () => svelteKitCookieSession({ secret, key: 'x' } as never),
      /^TypeError: svelteKitCookieSession has no option key/,
    )
  })
})
