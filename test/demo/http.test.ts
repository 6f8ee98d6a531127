/** The demo without a browser: what it refuses, and how it starts and ends. */

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, mock, test } from 'node:test'
import { promisify } from 'node:util'
import { app } from '../../examples/demo/app.ts'
import { newKeyPair, parseKeys, Stores } from '../../examples/demo/stores.ts'
import { cookieHeader, cookieOf } from '../support/http/http.ts'
import { demoCommand, startDemo, temporaryFolder } from './support.ts'

const folder = temporaryFolder()
const base = await serve(folder)

/** The demo in this process; the address that it listens on. */
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

/** Sends a form as the browser of our own page would. */
async function post(
  path: string,
  body: string | undefined,
  cookie = '',
  at = base,
): Promise<Response> {
  const token = cookie && (await tokenIn(path, cookie))
  const fields = [body, token && `_csrf=${token}`].filter(Boolean).join('&')
  const form = body === undefined && !token ? null : fields
  return send(path, form, { cookie, origin: at }, at)
}

function send(
  path: string,
  form: string | null,
  headers: Record<string, string>,
  at = base,
): Promise<Response> {
  return fetch(at + path, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: form,
  })
}

/** The token of a form of the page that the owner of this cookie sees. */
async function tokenIn(path: string, cookie: string): Promise<string | undefined> {
  const page = await (await get('/', cookie)).text()
  return new RegExp(`action="${path}">\\s*<input type="hidden" name="_csrf" value="(.{86})">`).exec(
    page,
  )?.[1]
}

describe('demo over HTTP', () => {
  test('a visit without an action leaves nothing behind', async () => {
    const response = await get('/')
    assert.equal(response.status, 200)
    assert.deepEqual(response.headers.getSetCookie(), [])
    assert.deepEqual(readdirSync(folder), [])
    assert.equal(response.headers.get('cache-control'), 'no-store')
    assert.match(response.headers.get('content-security-policy') ?? '', /default-src 'none'/)
  })

  test('serves its style and its icon', async () => {
    assert.match((await get('/style.css')).headers.get('content-type') ?? '', /^text\/css/)
    assert.equal((await get('/icon.svg')).headers.get('content-type'), 'image/svg+xml')
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
    ['POST', '/', 'GET'],
    ['DELETE', '/', 'GET'],
    ['GET', '/cart', 'POST'],
    ['PUT', '/sign-in', 'POST'],
    ['POST', '/style.css', 'GET'],
  ] as const) {
    test(`${method} ${path} is 405`, async () => {
      const response = await fetch(base + path, { method })
      assert.equal(response.status, 405)
      assert.equal(response.headers.get('allow'), allowed)
    })
  }

  test('takes forms of 64 KiB and no larger', async () => {
    const fitting = 'name=Ann&more='.padEnd(64 * 1024, 'x')
    const response = await post('/sign-in', fitting)
    assert.equal(response.status, 303)
    assert.equal(response.headers.get('location'), '/')
    const tooLarge = await post('/sign-in', `${fitting}x`)
    assert.equal(tooLarge.status, 413)
    assert.deepEqual(tooLarge.headers.getSetCookie(), [])
    assert.equal((await post('/cart', 'x'.repeat(2_000_000))).status, 413)
  })

  test('survives visitors who hang up in the middle of a form', async () => {
    const socket = connect(Number(new URL(base).port), '127.0.0.1')
    socket.write('POST /cart HTTP/1.1\r\nHost: demo\r\nContent-Length: 100\r\n\r\nhalf')
    await once(socket, 'connect')
    const log = mock.method(console, 'error', () => {})
    socket.destroy()
    for (let i = 0; i < 5; i++) assert.equal((await get('/')).status, 200)
    log.mock.restore()
    assert.equal(log.mock.callCount(), 0, 'nothing is wrong with the shop')
  })

  test('greets with a flash message, once', async () => {
    const cookie = cookieHeader((await post('/sign-in', 'name=%3Cb%3EAnn')).headers)
    const page = await (await get('/', cookie)).text()
    assert.match(page, /Welcome, &lt;b&gt;Ann</)
    assert.doesNotMatch(page, /<b>Ann/)
    assert.doesNotMatch(await (await get('/', cookie)).text(), /Welcome/)
  })

  test('cuts names, and not in the middle of a character', async () => {
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

  test('rotates keys for those who are signed in only', async () => {
    const response = await post('/rotate-keys', '')
    const page = await (await get('/', cookieHeader(response.headers))).text()
    assert.match(page, /Please sign in first/)
    const signedIn = cookieHeader((await post('/sign-in', 'name=Ann')).headers)
    assert.match(await (await get('/', signedIn)).text(), /id="key-pairs">1</)
  })

  test('a sign-out deletes the cookie', async () => {
    const signedIn = cookieHeader((await post('/sign-in', 'name=Ann')).headers)
    const cookie = cookieOf((await post('/sign-out', '', signedIn)).headers, 'login')
    assert.equal(cookie?.maxAge, 0)
    assert.match(await (await get('/', signedIn)).text(), /id="login-reason">unknown-id</)
  })

  test('two signed-in visitors do not take over each other’s cart', async () => {
    const ann = cookieHeader((await post('/sign-in', 'name=Ann')).headers)
    await post('/cart', '', ann)
    const bob = cookieHeader((await post('/sign-in', 'name=Bob', ann)).headers)
    const page = await (await get('/', bob)).text()
    assert.match(page, /id="user">Bob</)
    assert.match(page, /id="cart">0</)
  })

  test('takes no form that another site sends', async () => {
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
        assert.match(await response.text(), /Not from here/)
      }
    }
    assert.equal((await send('/cart', '', { 'sec-fetch-site': 'same-origin' })).status, 303)
  })

  test('takes no form without the token of the session, and of the form', async () => {
    const ann = cookieHeader((await post('/sign-in', 'name=Ann')).headers)
    const bob = cookieHeader((await post('/sign-in', 'name=Bob')).headers)
    const good = await tokenIn('/cart', ann)
    for (const token of [
      undefined,
      '',
      good?.slice(1),
      `${good?.slice(0, -2)}AA`,
      await tokenIn('/cart', bob),
      await tokenIn('/sign-out', ann),
    ]) {
      const form = token === undefined ? '' : `_csrf=${token}`
      assert.equal((await send('/cart', form, { origin: base, cookie: ann })).status, 403)
    }
    const another = await tokenIn('/cart', ann)
    assert.notEqual(another, good, 'each page has another one')
    for (const token of [good, another]) {
      const response = await send('/cart', `_csrf=${token}`, { origin: base, cookie: ann })
      assert.equal(response.status, 303)
    }
    const page = await (await get('/', ann)).text()
    assert.match(page, /id="cart">2</)
    const shown = page.replaceAll(/name="_csrf" value="[^"]*"/g, '')
    assert.doesNotMatch(shown, /_csrf/, 'the secret itself is not shown')
  })

  test('takes hostile cookies for none', async () => {
    const { headers } = await post('/sign-in', 'name=Ann')
    const good = cookieHeader(headers)
    const login = cookieOf(headers, 'login')?.value as string
    const theme = cookieOf(headers, 'theme')?.value as string
    const hostile: [cookie: string, reason: string][] = [
      ['login=', 'bad-mac'],
      ['login=../../etc/passwd', 'malformed'],
      ['login=%00%ff', 'malformed'],
      ['login="><script>alert(1)</script>', 'malformed'],
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

  test('answers 500 without details when the session cannot be saved', async () => {
    const file = join(temporaryFolder(), 'a-file-in-place-of-the-folder')
    writeFileSync(file, '')
    const broken = await serve(file)
    const log = mock.method(console, 'error', () => {})
    const response = await post('/cart', '', '', broken)
    log.mock.restore()
    const page = await response.text()
    assert.equal(response.status, 500)
    assert.match(page, /could not be read or saved/)
    assert.doesNotMatch(page, /a-file-in-place|ENOTDIR|EEXIST|Error/)
    assert.equal(cookieOf(response.headers, 'login'), undefined, 'no cookie without a session')
    const [logged] = log.mock.calls[0]?.arguments ?? []
    assert.match(String(logged), /error saving session "login"/)
  })
})

describe('demo as a program', () => {
  let demo: Awaited<ReturnType<typeof startDemo>>
  const temporary = temporaryFolder()

  before(async () => {
    demo = await startDemo({ TMPDIR: temporary, SESSION_DIR: '' })
  })

  test('says which port is taken', async () => {
    const { port } = new URL(demo.match[1] as string)
    const env = { ...process.env, PORT: port }
    const failure = await promisify(execFile)(process.execPath, demoCommand, { env }).catch(e => e)
    assert.equal(failure.code, 1)
    assert.match(failure.stderr, new RegExp(`^Port ${port} is taken`))
  })

  test('removes its own folder at the end', async () => {
    await post('/cart', '', '', demo.match[1])
    assert.equal(ownFolders().length, 1)
    await demo.stop()
    assert.deepEqual(ownFolders(), [])
  })

  function ownFolders(): string[] {
    return readdirSync(temporary).filter(name => name.startsWith('silverback-demo-'))
  }
})

describe('keys of the demo', () => {
  test('are hex, and a pair may lack its block key', () => {
    assert.deepEqual(parseKeys('6161,,6262,6363'), [
      Buffer.from('aa'),
      null,
      Buffer.from('bb'),
      Buffer.from('cc'),
    ])
  })

  for (const list of ['zz', '6161,616', '61 61', '6161,0x61']) {
    test(`are not ${list}, and the message does not quote them`, () => {
      assert.throws(
        () => parseKeys(list),
        (error: Error) => error instanceof TypeError && !error.message.includes(list),
      )
    })
  }
})
