/** The visit itself: what it sends, where it stops, and what the report looks like. */

import assert from 'node:assert/strict'
import type { IncomingMessage, RequestListener } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import { text } from 'node:stream/consumers'
import { suite, type TestContext, test } from 'node:test'
import type { Finding } from '../../../src/cli/doctor/checks/check.ts'
import { maxRequests } from '../../../src/cli/doctor/client.ts'
import { runCli } from '../support/run-cli.ts'
import { expressSessionApp } from './apps/express-session.ts'
import { plainApp } from './apps/plain.ts'
import { listen } from './apps/site.ts'
import { env, examine, signIn } from './support.ts'

async function serve(context: TestContext, listener: RequestListener): Promise<string> {
  const site = await listen(listener)
  context.after(() => site.close())
  return site.url
}

suite('apps that cannot be visited', () => {
  const cases: [name: string, listener: RequestListener, message: RegExp][] = [
    [
      'a redirect loop',
      ({ url }, response) => void response.writeHead(302, { location: `${url}x` }).end(),
      /redirects more than 5 times/,
    ],
    [
      'a page that fails',
      (_, response) => void response.writeHead(503).end(),
      /responds with status 503\. Pass the address of a page that works/,
    ],
    [
      'a page that does not exist',
      (_, response) => void response.writeHead(404).end(),
      /responds with status 404/,
    ],
    [
      'a server that closes the connection',
      (_, response) => void response.socket?.destroy(),
      /closed the connection without a valid response \(ECONNRESET\)/,
    ],
    [
      'a redirect to another host',
      (_, response) => void response.writeHead(301, { location: 'https://www.example.com/' }).end(),
      /redirects to https:\/\/www\.example\.com\/, which is another host/,
    ],
  ]
  for (const [name, listener, message] of cases) {
    test(name, async context => {
      const url = await serve(context, listener)
      const { code, stdout, stderr } = await runCli(['doctor', url, '--timeout=60'])
      assert.equal(code, 3)
      assert.equal(stdout, '')
      assert.match(stderr, message)
    })
  }

  test('a server that never responds', async context => {
    const url = await serve(context, () => {})
    const { code, stdout, stderr } = await runCli(['doctor', url, '--timeout=1'])
    assert.equal(code, 3)
    assert.equal(stdout, '')
    assert.match(stderr, /did not respond within 1 seconds/)
  })

  test('no server', async () => {
    const { code, stderr } = await runCli(['doctor', 'http://localhost:1/'])
    assert.equal(code, 3)
    assert.match(stderr, /No server listens at localhost:1 \(ECONNREFUSED\)/)
  })

  test('a host that does not exist', async () => {
    const { code, stderr } = await runCli(['doctor', 'http://app.invalid/'])
    assert.equal(code, 3)
    assert.match(stderr, /There is no host app\.invalid|did not respond/)
  })

  test('a server that does not speak HTTP', async context => {
    const server = createTcpServer(socket => socket.end('220 mail.example.com\r\n'))
    await new Promise<void>(resolve => server.listen(0, 'localhost', resolve))
    context.after(() => server.close())
    const { port } = server.address() as { port: number }
    for (const scheme of ['http', 'https']) {
      const { code, stderr } = await runCli(['doctor', `${scheme}://localhost:${port}/`])
      assert.equal(code, 3)
      assert.match(stderr, /closed the connection without a valid|does not speak TLS as expected/)
    }
  })
})

suite('unusual apps', () => {
  test('a page without sessions has no faults, and the report says so', async context => {
    const url = await serve(context, (_, response) => void response.end('{"hello":"world"}'))
    const { code, stdout } = await runCli(['doctor', url])
    assert.equal(code, 0)
    assert.match(stdout, /No session cookie was seen\./)
    assert.match(stdout, /not checked: login, logout, cross-site sign-in \(needs --login-url/)
  })

  test('an endless body is not read to its end', async context => {
    const url = await serve(context, (_, response) => {
      response.setHeader('set-cookie', 'sid=0123456789abcdef0123456789abcdef; Path=/; SameSite=Lax')
      response.setHeader('cache-control', 'no-store')
      const write = (): void => {
        while (response.write('x'.repeat(65_536)));
        response.once('drain', write)
      }
      write()
    })
    const { stdout } = await runCli(['doctor', url, '--json'])
    const codes = JSON.parse(stdout).findings.map(({ code }: { code: string }) => code)
    assert.ok(codes.includes('not-http-only'))
  })

  test('a body that never ends is read for the time of one request', async context => {
    let requests = 0
    const url = await serve(context, (_, response) => {
      response.write('first')
      if (++requests > 1) response.end()
    })
    const { code } = await runCli(['doctor', url, '--timeout=5'])
    assert.equal(code, 0)
  })

  test('a server that stops at a malformed cookie is a finding', async context => {
    let hasCrashed = false
    const url = await serve(context, ({ headers }, response) => {
      hasCrashed ||= headers.cookie?.includes('%') === true
      if (hasCrashed) return void response.socket?.destroy()
      response.setHeader(
        'set-cookie',
        'sid=0123456789abcdef0123456789abcdef; Path=/; HttpOnly; SameSite=Lax; Secure',
      )
      response.end()
    })
    const { code, stdout } = await runCli(['doctor', url])
    assert.equal(code, 1)
    assert.match(stdout, /\(bad-cookie-error\)\n {2}Seen: sid with a malformed value: no response/)
  })

  test('control characters of an app do not reach the terminal', async context => {
    const url = await serve(context, (_, response) => {
      response.setHeader('set-cookie', 'sid=1; Path=/; Domain=\u009b31m; SameSite=Lax')
      response.end()
    })
    const { stdout } = await runCli(['doctor', url])
    assert.match(stdout, /Domain=\\x9b31m/)
    assert.doesNotMatch(stdout, /\u009b/)
  })
})

suite('what is sent', () => {
  test('at most as many requests as documented, to one host, with a clear User-Agent', async context => {
    const seen: IncomingMessage[] = []
    const other = await serve(context, request => void seen.push(request))
    const counted = await plainApp({ loginAction: other })
    context.after(() => counted.close())
    await examine(counted)
    assert.equal(seen.length, 0)

    const site = await expressSessionApp({
      before: (request, _, next) => next(void seen.push(request)),
    })
    context.after(() => site.close())
    const report = await examine(site)
    assert.equal(report.requests, seen.length)
    assert.ok(seen.length <= maxRequests)
    for (const { headers } of seen) assert.match(headers['user-agent'] ?? '', /^silverback-doctor /)
  })

  test('every request counts, until the limit', async context => {
    let count = 0
    const url = await serve(context, (request, response) => {
      count++
      const isHop = (request.url as string).length < 6
      const headers = isHop ? { location: `${request.url}x` } : {}
      const cookies = Array.from({ length: 20 }, (_, index) => `sid${index}=${'a'.repeat(20)}`)
      response
        .writeHead(isHop ? 302 : 200, { ...headers, 'set-cookie': cookies })
        .end(String(count))
    })
    const args = ['--login-url=/', '--form=name=ann', '--whoami-url=/', '--logout-url=/']
    await runCli(['doctor', url, ...args])
    assert.ok(count <= maxRequests, String(count))
  })

  test('the password is neither printed nor needed as an argument', async context => {
    const site = await plainApp({ adoptsIds: true })
    context.after(() => site.close())
    for (const format of [[], ['--json'], ['--verbose']]) {
      const { stdout, stderr } = await runCli(['doctor', site.url, ...signIn, ...format], { env })
      assert.doesNotMatch(stdout + stderr, /p&ss|p%26ss/)
      assert.match(stderr, /The doctor signs in up to twice at \/login/)
    }
  })

  test('Ctrl-C stops the visit', async context => {
    const interruption = new AbortController()
    const url = await serve(context, () => interruption.abort())
    const { code, stdout } = await runCli(['doctor', url], { signal: interruption.signal })
    assert.equal(code, 130)
    assert.equal(stdout, '')
  })
})

suite('sign-in', () => {
  test('with a wrong password', async context => {
    const site = await expressSessionApp()
    context.after(() => site.close())
    const { code, stderr } = await runCli(['doctor', site.url, ...signIn], {
      env: { FORM: 'password=wrong' },
    })
    assert.equal(code, 3)
    assert.match(stderr, /The sign-in at http:.*\/login \(status 401\) seems not to work/)
  })

  test('without the password that the form asks for', async context => {
    const site = await expressSessionApp()
    context.after(() => site.close())
    const args = ['--login-url=/login', '--form=name=ann']
    const { code, stderr } = await runCli(['doctor', site.url, ...args])
    assert.equal(code, 2)
    assert.match(stderr, /asks for password\. Pass it in an environment variable: --form-env FORM/)
  })

  test('with a page that counts its visitors, and a wrong password', async context => {
    const visits = new Map<string, number>()
    const url = await serve(context, (request, response) => {
      const id =
        /sid=(\w+)/.exec(request.headers.cookie ?? '')?.[1] ?? crypto.randomUUID().slice(0, 8)
      visits.set(id, (visits.get(id) ?? 0) + 1)
      response.setHeader('set-cookie', `sid=${id}; Path=/`)
      response.end(`Visit ${visits.get(id)}`)
    })
    const args = ['--login-url=/login', '--form=name=ann']
    const { code, stdout } = await runCli(['doctor', url, '--json', ...args])
    assert.equal(code, 1)
    const report = JSON.parse(stdout)
    assert.ok(report.findings.every((each: Finding) => each.code !== 'session-fixation'))
    assert.deepEqual(report.skipped[0], { check: 'login', reason: 'the sign-in has not worked' })
  })

  test('from a page that redirects strangers to the sign-in', async context => {
    const site = await expressSessionApp()
    context.after(() => site.close())
    const args = signIn.filter(each => !each.startsWith('--whoami-url'))
    const report = await examine({ ...site, url: `${site.url}account` }, args)
    assert.deepEqual(report.findings, [])
    assert.deepEqual(report.skipped, [])
  })

  test('with a sign-out that does not exist', async context => {
    const site = await expressSessionApp()
    context.after(() => site.close())
    const args = signIn.map(each => each.replace('/logout', '/exit'))
    const { code, stderr } = await runCli(['doctor', site.url, ...args], { env })
    assert.equal(code, 3)
    assert.match(stderr, /The sign-out at .*\/exit responds with status 404/)
  })

  test('an API without forms, with one page that greets its user', async context => {
    let serial = 0
    const users = new Map<string, string>()
    const url = await serve(context, async (request, response) => {
      const id = /sid=(\w+)/.exec(request.headers.cookie ?? '')?.[1] ?? ''
      response.setHeader('cache-control', 'no-store')
      if (request.url === '/api/login' && request.method === 'POST') {
        const { name } = JSON.parse(await text(request))
        const next = `${++serial}`.padEnd(32, crypto.randomUUID().replaceAll('-', ''))
        users.set(next, name)
        response.setHeader('set-cookie', `sid=${next}; Path=/; HttpOnly; SameSite=Lax; Secure`)
        return void response.end('{"ok":true}')
      }
      if (request.url !== '/') return void response.writeHead(404).end()
      response.end(JSON.stringify({ user: users.get(id) ?? null, time: Date.now() }))
    })
    const args = ['--login-url=/api/login', '--form={"name":"ann"}']
    const { code, stdout } = await runCli(['doctor', url, '--json', ...args])
    const report = JSON.parse(stdout)
    assert.deepEqual([code, report.findings], [0, []])
    assert.deepEqual(report.skipped, [{ check: 'logout', reason: 'needs --logout-url' }])
    assert.ok(report.passed.includes('session-fixation'))
  })
})

suite('arguments', () => {
  const cases: [args: string[], message: RegExp][] = [
    [[], /Missing required positional argument: URL/],
    [['example.com'], /must begin with http:\/\/ or https:\/\//],
    [['ftp://example.com'], /must begin with http/],
    [['https://ann:secret@example.com'], /contain no password/],
    [['https://example.com', '--form=a=b'], /--form needs --login-url/],
    [['https://example.com', '--logout-url=/x'], /--logout-url needs --login-url/],
    [['https://example.com', '--login-url=/x'], /--login-url needs the fields of the form/],
    [['https://example.com', '--login-url=/x', '--form={"secret":'], /or a JSON object/],
    [
      ['https://example.com', '--login-url=/x', '--form={}', '--form-env=FORM'],
      /must both be fields, or both JSON/,
    ],
    [['https://example.com', '--cookie=a=b'], /--cookie must be the name of a cookie/],
    [['https://example.com', '--login-url=/x', '--form-env=NO'], /NO of --form-env is not set/],
    [['https://example.com', '--timeout=0'], /--timeout must be a number of seconds above 0/],
    [
      ['https://example.com', '--ignore=not-secur'],
      /--ignore has no code not-secur \(did you mean not-secure\?\)/,
    ],
  ]
  for (const [args, message] of cases) {
    test(args.join(' ') || 'none', async () => {
      const { code, stdout, stderr } = await runCli(['doctor', ...args], { env })
      assert.equal(code, 2)
      assert.equal(stdout, '')
      assert.match(stderr, message)
      assert.doesNotMatch(stderr, /secret/)
    })
  }

  test('a sign-in page on another host', async context => {
    const url = await serve(context, (_, response) => void response.end())
    const args = ['--login-url=https://login.example.com/', '--form=name=ann']
    const { code, stderr } = await runCli(['doctor', url, ...args])
    assert.equal(code, 2)
    assert.match(stderr, /--login-url must be a path or an address at http:\/\/localhost:\d+\./)
  })
})

suite('report', () => {
  test('for people, with the option of the library', async context => {
    const site = await expressSessionApp({ cookie: { httpOnly: false } })
    context.after(() => site.close())
    const { code, stdout } = await runCli(['doctor', site.url, ...signIn], { env })
    assert.equal(code, 1)
    assert.equal(
      stdout.replace(/localhost:\d+/, 'localhost:3000').replace(/Expires=[^;]*/gi, 'Expires=…'),
      `http://localhost:3000/
Session cookie connect.sid of express-session or a compatible library

fault Scripts in the page can read the session cookie (not-http-only)
  Seen: GET /login sets connect.sid=…; Path=/; Expires=…; SameSite=Lax
  Fix:  Set the attribute HttpOnly.
        express-session: cookie: { httpOnly: true }

1 fault, 0 hints, 37 checks passed.
`,
    )
  })

  test('lists what has passed with --verbose, in colours on a terminal', async context => {
    const site = await expressSessionApp()
    context.after(() => site.close())
    const { code, stdout } = await runCli(['doctor', site.url, ...signIn, '--verbose'], {
      env: { ...env, FORCE_COLOR: '1' },
    })
    assert.equal(code, 0)
    assert.ok(stdout.includes('\x1b[32mpassed\x1b[39m session-fixation\n'))
  })
})

suite('with --ignore', () => {
  test('a fault that is fine here does not change the exit code', async context => {
    const site = await expressSessionApp({ cookie: { httpOnly: false } })
    context.after(() => site.close())
    const { code } = await runCli(['doctor', site.url, ...signIn, '--ignore=not-http-only'], {
      env,
    })
    assert.equal(code, 0)
  })
})
