import assert from 'node:assert/strict'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { memory } from '../../../src/backends/memory.ts'
import { CookieStore, ServerStore } from '../../../src/index.ts'
import { runCli, spawnCli } from '../support/run-cli.ts'

const [key, wrong] = [3, 7].map(step =>
  Buffer.from(Array.from({ length: 32 }, (_, index) => (index * step * 11) % 256)).toString(
    'base64',
  ),
) as [string, string]
const cwd = await mkdtemp(join(tmpdir(), 'silverback-explain-'))
const env = { SESSION_KEY: key }

async function cookieOf(store: Pick<CookieStore, 'get'>, name = 'login'): Promise<string> {
  const response = new Response()
  const session = await store.get<{ user?: string }>(new Request('https://a/'), name)
  session.values.user = 'ann'
  await session.save(new Request('https://a/'), response)
  return (response.headers.get('set-cookie') as string).split(';')[0] as string
}
const login = await cookieOf(new CookieStore({ keys: [key] }))
const record = await cookieOf(new ServerStore(memory(), { keys: [key] }) as never, 'cart')
const stranger = await cookieOf(new CookieStore({ keys: [wrong] }))

test('a curl command as Chrome copies it', async () => {
  const input = `curl 'https://shop.example/cart?token=secret' \\
  -H 'accept: text/html' \\
  -H 'accept-language: en' \\
  -b '_ga=GA1.1.1; ${login}; ${record}' \\
  -H 'user-agent: Mozilla/5.0' \\
  --data-raw $'a=it\\'s' \\
  --compressed`
  const { code, stdout, stderr } = await runCli(['explain'], { env, cwd, input })
  assert.deepEqual([code, stderr], [0, ''])
  assert.match(stdout, /^POST https:\/\/shop\.example\/cart\n/)
  assert.doesNotMatch(stdout, /token=secret/)
  assert.match(
    stdout,
    /login\n[\s\S]*a CookieStore with these keys returns the session, with 1 value/,
  )
  assert.match(stdout, /cart\n[\s\S]*accepts the id and looks up its record/)
  assert.match(stdout, /_ga\n *format +Not a known session cookie/)
})

test('a wrong key is exit code 1, with what the store returns', async () => {
  const input = `curl https://shop.example -H 'Cookie: ${stranger}'`
  const { code, stdout } = await runCli(['explain', '--json'], { env, cwd, input })
  assert.equal(code, 1)
  const [request] = JSON.parse(stdout).requests
  assert.equal(request.cookies[0].status, 'refused')
  assert.match(request.cookies[0].outcome, /returns a new session, with the reason unknown-key/)
})

test('several cookies of one name, a long header and a prefix over HTTP', async () => {
  const pad = 'x'.repeat(4090)
  const input = `curl -b '${stranger}; ${login}; a=${pad}; b=${pad}; __Host-c=1' http://shop.example/`
  const { code, stdout } = await runCli(['explain', '--json'], { env, cwd, input })
  assert.equal(code, 1)
  const [{ problems }] = JSON.parse(stdout).requests
  assert.match(problems[0], /The Cookie header has 8\d\d\d bytes/)
  assert.match(problems[1], /2 cookies are called login.*Here it is number 2\./)
  assert.match(problems[2], /__Host-c was sent over plain HTTP/)
})

test('a HAR file: requests with the same cookies once, and the cookies of responses', async () => {
  const entry = (path: string, cookie: string | undefined, setCookie: string[] = []) => ({
    startedDateTime: '2026-11-29T00:00:00.000Z',
    request: {
      method: 'GET',
      url: `https://shop.example${path}`,
      headers: cookie === undefined ? [] : [{ name: 'Cookie', value: cookie }],
      cookies: [],
    },
    response: {
      status: 200,
      headers: setCookie.map(value => ({ name: 'Set-Cookie', value })),
    },
  })
  const har = {
    log: {
      version: '1.2',
      entries: [
        entry('/', undefined, [
          `${login}; Path=/; HttpOnly`,
          `sid=${'x'.repeat(5000)}; Path=/; Secure; HttpOnly; SameSite=Lax`,
        ]),
        entry('/a', login),
        entry('/b', login),
        { request: null },
        null,
      ],
    },
  }
  await writeFile(join(cwd, 'shop.har'), JSON.stringify(har))
  const { code, stdout, stderr } = await runCli(['explain', 'shop.har', '--json'], { env, cwd })
  assert.equal(stderr, '')
  assert.equal(code, 1)
  const { requests, findings } = JSON.parse(stdout)
  assert.deepEqual(
    requests.map(({ url, count }: { url: string; count: number }) => [url, count]),
    [['https://shop.example/a', 2]],
  )
  const found = findings.map(
    ({ code, cookie }: { code: string; cookie: string }) => `${cookie} ${code}`,
  )
  assert.ok(found.includes('login not-secure'), found.join())
  assert.ok(found.includes('login no-same-site'), found.join())
  assert.ok(found.includes('sid cookie-too-large'), found.join())
  const people = await runCli(['explain', 'shop.har'], { env, cwd })
  assert.match(people.stdout, /GET https:\/\/shop\.example\/a and 1 more with the same cookies/)
  assert.match(people.stdout, /fault .*\(not-secure\)/)
})

test('wrong input is refused, with what to do', async () => {
  await writeFile(join(cwd, 'image.har'), '{"log":{}}')
  const cases: [args: string[], input: string, message: RegExp][] = [
    [[], '', /The input is empty/],
    [[], 'wget https://a', /must begin with curl/],
    [[], "curl 'https://a", /a quote ' is not closed/],
    [[], 'curl https://a -b cookies.txt', /reads its cookies from a file/],
    [[], 'curl ^"https://a^" ^\r\n -H ^"a: b^"', /Copy as cURL \(bash\)/],
    [[], '{"log"', /not JSON/],
    [['image.har'], '', /log\.entries is missing/],
    [['missing.har'], '', /There is no file missing\.har/],
    [['curl https://a'], '', /standard input or in a file/],
  ]
  for (const [args, input, message] of cases) {
    const { code, stderr } = await runCli(['explain', ...args], { env, cwd, input })
    assert.equal(code, 2, `${args} ${input}`)
    assert.match(stderr, message)
  }
})

test('a HAR file without cookies is no problem, and says why there may be none', async () => {
  const { code, stdout } = await runCli(['explain'], { env, cwd, input: '{"log":{"entries":[]}}' })
  assert.equal(code, 0)
  assert.match(stdout, /exported with sensitive data/)
})

test('runs as a process', async () => {
  const input = `curl https://shop.example -b '${login}'`
  const { code, stderr } = await spawnCli(['explain'], { env, cwd, input })
  assert.deepEqual([code, stderr], [0, ''])
})
