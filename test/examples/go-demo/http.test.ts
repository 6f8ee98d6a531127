/** The demo over plain HTTP requests: what it refuses, and how the program starts and stops. */

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, mock, test } from 'node:test'
import { promisify } from 'node:util'
import { app } from '../../../examples/go-demo/app.ts'
import { newKeyPair, parseKeys, Stores } from '../../../examples/go-demo/stores.ts'
import { cookieHeader, cookieOf } from '../../support/http/http.ts'
import { demoCommand, startDemo, temporaryFolder } from './support.ts'

const folder = temporaryFolder()
const base = await serve(folder)

/** Starts the demo in this process. Returns its URL. */
async function serve(path: string): Promise<string> {
  const server = createServer(app(new Stores(path, newKeyPair())))
  after(() => {
    server.close()
    server.closeAllConnections()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function get(path: string, cookie = ''): Promise<Response> {
  return fetch(base + path, { headers: { cookie } })
}

/** Submits a form as a browser on the demo's page does: with its origin and CSRF token. */
async function post(
  path: string,
  body: string | undefined,
  cookie = '',
  url = base,
): Promise<Response> {
  const token = cookie && (await tokenIn(path, cookie))
  const fields = [body, token && `_csrf=${token}`].filter(Boolean).join('&')
  const form = body === undefined && !token ? null : fields
  return send(path, form, { cookie, origin: url }, url)
}

function send(
  path: string,
  form: string | null,
  headers: Record<string, string>,
  url = base,
): Promise<Response> {
  return fetch(url + path, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: form,
  })
}

/** The CSRF token of the form at this path, in the page that a visitor with this cookie gets. */
async function tokenIn(path: string, cookie: string): Promise<string | undefined> {
  const page = await (await get('/', cookie)).text()
  return new RegExp(`action="${path}">\\s*<input type="hidden" name="_csrf" value="(.{86})">`).exec(
    page,
  )?.[1]
}

describe('demo over HTTP', () => {
  test('viewing the page creates no session', async () => {
    const response = await get('/')
    assert.equal(response.status, 200)
    assert.deepEqual(response.headers.getSetCookie(), [])
    assert.deepEqual(readdirSync(folder), [])
    assert.equal(response.headers.get('cache-control'), 'no-store')
    assert.match(response.headers.get('content-security-policy') ?? '', /default-src 'none'/)
  })

  test('serves its style sheet and icon', async () => {
    assert.match((await get('/style.css')).headers.get('content-type') ?? '', /^text\/css/)
    assert.equal((await get('/icon.svg')).headers.get('content-type'), 'image/svg+xml')
  })

  for (const path of ['/', '/style.css', '/nothing']) {
    test(`HEAD ${path} has the status and headers of GET, without a body`, async () => {
      const head = await fetch(base + path, { method: 'HEAD' })
      const { status, headers } = await get(path)
      assert.equal(head.status, status)
      assert.equal(await head.text(), '')
      for (const name of ['content-type', 'content-length', 'cache-control']) {
        assert.equal(head.headers.get(name), headers.get(name), name)
      }
      assert.ok(Number(head.headers.get('content-length')) > 0)
    })
  }

  test('HEAD does not consume flash messages', async () => {
    const cookie = cookieHeader((await post('/sign-in', 'name=Ann')).headers)
    const head = await fetch(`${base}/`, { method: 'HEAD', headers: { cookie } })
    assert.equal(head.status, 200)
    assert.deepEqual(head.headers.getSetCookie(), [])
    assert.match(await (await get('/', cookie)).text(), /Welcome, Ann</)
  })

  for (const path of [
    '/nothing',
    '/__proto__',
    '//',
    '/style.css/',
    '/../stores.ts',
    '/%2fstyle.css',
  ]) {
    test(`GET ${path} is 404`, async () => {
      const response = await get(path)
      assert.equal(response.status, 404)
      assert.match(await response.text(), /There is no page/)
    })
  }

  for (const [method, path, allowed] of [
    ['POST', '/', 'GET, HEAD'],
    ['DELETE', '/', 'GET, HEAD'],
    ['GET', '/cart', 'POST'],
    ['HEAD', '/cart', 'POST'],
    ['PUT', '/sign-in', 'POST'],
    ['POST', '/style.css', 'GET, HEAD'],
  ] as const) {
    test(`${method} ${path} is 405`, async () => {
      const response = await fetch(base + path, { method })
      assert.equal(response.status, 405)
      assert.equal(response.headers.get('allow'), allowed)
    })
  }

  test('accepts forms of up to 64 KiB', async () => {
    const fitting = 'name=Ann&more='.padEnd(64 * 1024, 'x')
    const response = await post('/sign-in', fitting)
    assert.equal(response.status, 303)
    assert.equal(response.headers.get('location'), '/')
    const tooLarge = await post('/sign-in', `${fitting}x`)
    assert.equal(tooLarge.status, 413)
    assert.deepEqual(tooLarge.headers.getSetCookie(), [])
    assert.equal((await post('/cart', 'x'.repeat(2_000_000))).status, 413)
  })

  test('ignores clients that disconnect in the middle of a form', async () => {
    const socket = connect(Number(new URL(base).port), '127.0.0.1')
    socket.write('POST /cart HTTP/1.1\r\nHost: demo\r\nContent-Length: 100\r\n\r\nhalf')
    await once(socket, 'connect')
    const log = mock.method(console, 'error', () => {})
    socket.destroy()
    for (let i = 0; i < 5; i++) assert.equal((await get('/')).status, 200)
    log.mock.restore()
    assert.equal(log.mock.callCount(), 0, 'a disconnect is not logged as an error')
  })

  test('shows the welcome message once', async () => {
    const cookie = cookieHeader((await post('/sign-in', 'name=%3Cb%3EAnn')).headers)
    const page = await (await get('/', cookie)).text()
    assert.match(page, /Welcome, &lt;b&gt;Ann</)
    assert.doesNotMatch(page, /<b>Ann/)
    assert.doesNotMatch(await (await get('/', cookie)).text(), /Welcome/)
  })

  test('truncates long names without splitting a character', async () => {
    const name = '😀'.repeat(45)
    const cookie = cookieHeader((await post('/sign-in', `name=${name}`)).headers)
    assert.match(await (await get('/', cookie)).text(), /id="user">\u{1f600}{40}</u)
  })

  for (const form of ['', 'name=', 'name=++', 'Name=Ann', undefined]) {
    test(`does not sign in with the form ${JSON.stringify(form)}`, async () => {
      const response = await post('/sign-in', form)
      assert.equal(response.status, 303)
      const page = await (await get('/', cookieHeader(response.headers))).text()
      assert.match(page, /id="user">guest</)
      assert.match(page, /Please enter a name/)
    })
  }

  test('rotates keys for signed-in visitors only', async () => {
    const response = await post('/rotate-keys', '')
    const page = await (await get('/', cookieHeader(response.headers))).text()
    assert.match(page, /Please sign in first/)
    const signedIn = cookieHeader((await post('/sign-in', 'name=Ann')).headers)
    assert.match(await (await get('/', signedIn)).text(), /id="key-pairs">1</)
  })

  test('deletes the cookie at sign-out', async () => {
    const signedIn = cookieHeader((await post('/sign-in', 'name=Ann')).headers)
    const cookie = cookieOf((await post('/sign-out', '', signedIn)).headers, 'login')
    assert.equal(cookie?.maxAge, 0)
    assert.match(await (await get('/', signedIn)).text(), /id="login-reason">unknown-id</)
  })

  test('drops the cart when another user signs in', async () => {
    const ann = cookieHeader((await post('/sign-in', 'name=Ann')).headers)
    await post('/cart', '', ann)
    const bob = cookieHeader((await post('/sign-in', 'name=Bob', ann)).headers)
    const page = await (await get('/', bob)).text()
    assert.match(page, /id="user">Bob</)
    assert.match(page, /id="cart">0</)
  })

  test('rejects forms from other sites', async () => {
    for (const headers of [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: base, 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      {},
    ]) {
      for (const path of ['/sign-in', '/cart']) {
        const response = await send(path, 'name=Mallory', headers as Record<string, string>)
        assert.equal(response.status, 403)
        assert.deepEqual(response.headers.getSetCookie(), [])
        assert.match(await response.text(), /Form rejected/)
      }
    }
    assert.equal((await send('/cart', '', { 'sec-fetch-site': 'same-origin' })).status, 303)
  })

  test('rejects forms without a token for that session and that form', async () => {
    const ann = cookieHeader((await post('/sign-in', 'name=Ann')).headers)
    const bob = cookieHeader((await post('/sign-in', 'name=Bob')).headers)
    const good = await tokenIn('/cart', ann)
    for (const token of [
      undefined,
      '',
      good?.slice(1),
      `${good?.slice(0, 42)}${good?.[42] === 'A' ? 'B' : 'A'}${good?.slice(43)}`,
      await tokenIn('/cart', bob),
      await tokenIn('/sign-out', ann),
    ]) {
      const form = token === undefined ? '' : `_csrf=${token}`
      assert.equal((await send('/cart', form, { origin: base, cookie: ann })).status, 403)
    }
    const second = await tokenIn('/cart', ann)
    assert.notEqual(second, good, 'every page has a different token')
    for (const token of [good, second]) {
      const response = await send('/cart', `_csrf=${token}`, { origin: base, cookie: ann })
      assert.equal(response.status, 303)
    }
    const page = await (await get('/', ann)).text()
    assert.match(page, /id="cart">2</)
    const shown = page.replaceAll(/name="_csrf" value="[^"]*"/g, '')
    assert.doesNotMatch(shown, /_csrf/, 'the page does not show the secret')
  })

  test('starts a new session for hostile cookies', async () => {
    const { headers } = await post('/sign-in', 'name=Ann')
    const good = cookieHeader(headers)
    const login = cookieOf(headers, 'login')?.value as string
    const theme = cookieOf(headers, 'theme')?.value as string
    const hostile: [cookie: string, reason: string][] = [
      ['login=', 'bad-mac'],
      ['login=../../etc/passwd', 'malformed'],
      ['login=%00%ff', 'malformed'],
      ['login="><script>alert(1)</script>', 'no-cookie'], // a `"` inside; Go skips the cookie too
      [`login=${login.slice(0, -8)}`, 'bad-mac'],
      [`login=${theme}`, 'bad-mac'],
      [`login=${'A'.repeat(5000)}`, 'too-large'],
      [`login=x; ${good}`, 'malformed'],
      [`;;=;login;${'=;'.repeat(1000)}`, 'no-cookie'],
      [`__proto__=${login}; constructor=1`, 'no-cookie'],
    ]
    for (const [cookie, reason] of hostile) {
      const response = await get('/', cookie)
      const page = await response.text()
      assert.equal(response.status, 200, cookie)
      assert.match(page, /id="user">guest</, cookie)
      assert.match(page, new RegExp(`id="login-reason">${reason}<`), cookie)
      assert.doesNotMatch(page, /<script/, cookie)
    }
  })

  test('responds with 500 and no details when the session cannot be saved', async () => {
    const file = join(temporaryFolder(), 'a-file-instead-of-a-folder')
    writeFileSync(file, '')
    const broken = await serve(file)
    const log = mock.method(console, 'error', () => {})
    const response = await post('/cart', '', '', broken)
    log.mock.restore()
    const page = await response.text()
    assert.equal(response.status, 500)
    assert.match(page, /could not be read or saved/)
    assert.doesNotMatch(page, /a-file-instead|ENOTDIR|EEXIST|Error/)
    assert.equal(
      cookieOf(response.headers, 'login'),
      undefined,
      'sets no cookie for an unsaved session',
    )
    const [logged] = log.mock.calls[0]?.arguments ?? []
    assert.match(String(logged), /session file: ENOTDIR/)
  })
})

describe('demo program', () => {
  let demo: Awaited<ReturnType<typeof startDemo>>
  const temporary = temporaryFolder()

  before(async () => {
    demo = await startDemo({ TMPDIR: temporary, SESSION_DIR: '' })
  })

  test('reports a port that is already in use', async () => {
    const { port } = new URL(demo.match[1] as string)
    const env = { ...process.env, PORT: port }
    const failure = await promisify(execFile)(process.execPath, demoCommand, { env }).catch(e => e)
    assert.equal(failure.code, 1)
    assert.match(failure.stderr, new RegExp(`^Port ${port} is already in use`))
  })

  test('removes its temporary folder on exit', async () => {
    await post('/cart', '', '', demo.match[1])
    assert.equal(temporaryFolders().length, 1)
    await demo.stop()
    assert.deepEqual(temporaryFolders(), [])
  })

  function temporaryFolders(): string[] {
    return readdirSync(temporary).filter(name => name.startsWith('silverback-go-demo-'))
  }
})

describe('parseKeys', () => {
  test('parses hex keys; an empty item means no key', () => {
    assert.deepEqual(parseKeys('6161,,6262,6363'), [
      Buffer.from('aa'),
      null,
      Buffer.from('bb'),
      Buffer.from('cc'),
    ])
  })

  for (const list of ['zz', '6161,616', '61 61', '6161,0x61']) {
    test(`refuses ${list} without quoting it`, () => {
      assert.throws(
        () => parseKeys(list),
        (error: Error) => error instanceof TypeError && !error.message.includes(list),
      )
    })
  }
})
