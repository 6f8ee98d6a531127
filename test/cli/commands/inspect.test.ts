import assert from 'node:assert/strict'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { spawn } from '@lydell/node-pty'
import { CookieStore } from '../../../src/index.ts'
import { nodeArguments, runCli, spawnCli } from '../support/run-cli.ts'

const [newest, older, wrong] = [3, 5, 7].map(step =>
  Buffer.from(Array.from({ length: 32 }, (_, index) => (index * step * 11) % 256)).toString(
    'base64',
  ),
) as [string, string, string]
// No .env there.
const cwd = await mkdtemp(join(tmpdir(), 'silverback-inspect-'))

async function setCookieLine(values: object, key = older): Promise<string> {
  const request = new Request('https://localhost/')
  const response = new Response()
  const session = await new CookieStore({ keys: [key] }).get(request, 'login')
  Object.assign(session.values, values)
  await session.save(request, response)
  return response.headers.get('set-cookie') as string
}

test('the output has the key, the times and the values, and no key material', async () => {
  const env = { SESSION_KEYS: `${newest},${older}` }
  const input = await setCookieLine({ user: 'ann', since: new Date(0) })
  const { code, stdout, stderr } = await runCli(['inspect'], { env, input, cwd })
  assert.deepEqual([code, stderr], [0, ''])
  assert.match(stdout, /^login\n/)
  assert.match(stdout, /status +verified with SESSION_KEYS\[1\] \(key 1\)/)
  assert.match(stdout, /issued +\d{4}-\d\d-\d\d [\d:]+Z \((?:now|\d+ \w+ ago)\)/)
  assert.match(stdout, /expires .*\(in 23 hours\)/)
  assert.match(stdout, /^ {4}user: "ann"\n {4}since: 1970-01-01T00:00:00.000Z \(Date\)/m)
  assert.match(stdout, /An older key made it/)
  for (const key of [newest, older]) assert.ok(!stdout.includes(key.slice(0, 10)))
})

test('without keys, the structure only', async () => {
  const input = await setCookieLine({ user: 'ann' })
  const { code, stdout } = await runCli(['inspect', '-'], { input, cwd })
  assert.equal(code, 0)
  assert.match(stdout, /not verified: there are no keys/)
  assert.match(stdout, /key id +[\da-f]{8}/)
  assert.doesNotMatch(stdout, /ann/)
})

test('a wrong key is exit code 1, with the reason', async () => {
  const env = { SESSION_KEY: wrong }
  const input = await setCookieLine({ user: 'ann' })
  const { code, stdout } = await runCli(['inspect'], { env, input, cwd })
  assert.equal(code, 1)
  assert.match(stdout, /The key did not make this cookie: the key id is that of another key\./)
})

test('an argument, headers of a response and JSON', async () => {
  const env = { SESSION_KEY: older }
  const line = await setCookieLine({ user: 'ann' })
  const pair = line.split(';')[0] as string
  const inputs = [
    { args: [pair] },
    { args: [line] },
    { args: ['--name', 'login', pair.slice('login='.length)] },
    { args: [`Cookie: ${pair}`] },
    { args: [], input: `HTTP/1.1 200 OK\r\nDate: now\r\nSet-Cookie: ${line}\r\n\r\n<html>` },
  ]
  for (const { args, input } of inputs) {
    const { code, stdout } = await runCli(['inspect', '--json', ...args], {
      env,
      cwd,
      ...(input && { input }),
    })
    assert.equal(code, 0)
    const [cookie, ...others] = JSON.parse(stdout).cookies
    assert.deepEqual(others, [])
    assert.equal(cookie.name, 'login')
    assert.equal(cookie.status, 'verified')
    assert.deepEqual(cookie.key, { index: 0, label: 'SESSION_KEY' })
    assert.deepEqual(cookie.values.tree.entries, [{ key: 'user', text: '"ann"' }])
    assert.equal(new Date(cookie.facts.issued).getFullYear(), new Date().getFullYear())
  }
})

test('an empty or a huge input is a usage error', async () => {
  assert.equal((await runCli(['inspect'], { input: ' \n', cwd })).code, 2)
  const huge = await runCli(['inspect'], { input: 'x'.repeat(2e6), cwd })
  assert.equal(huge.code, 2)
  assert.match(huge.stderr, /2000000 characters; at most 1048576/)
})

test('hostile values do not control the terminal', async () => {
  const env = { SESSION_KEY: older }
  const input = await setCookieLine({ '\x1b[2Jkey': '\x1b]0;title\x07\u202e' })
  const { stdout } = await runCli(['inspect'], { env, input, cwd })
  assert.match(stdout, /\\x1b\[2Jkey: "\\u001b\]0;title\\u0007\\u202e"/)
})

test('runs as a process', async () => {
  const input = await setCookieLine({ user: 'ann' })
  const result = await spawnCli(['inspect'], { env: { SESSION_KEY: wrong }, input, cwd })
  assert.deepEqual([result.code, result.stderr], [1, ''])
})

test('in a terminal, a pasted line of any length is read and not shown, and Ctrl-C ends', async () => {
  const line = `Cookie: a=b; pad=${'x'.repeat(6000)}; ${(await setCookieLine({ user: 'ann' })).split(';')[0]}`
  const paste = await inTerminal(`${line}\r`)
  assert.equal(paste.code, 0)
  assert.match(paste.output, /It is not shown/)
  assert.match(paste.output, /user.*"ann"/)
  assert.ok(!paste.output.includes('xxxxx'))
  assert.equal((await inTerminal('abc\x03')).code, 130)
})

async function inTerminal(typed: string): Promise<{ code: number; output: string }> {
  const env = { ...process.env, NODE_OPTIONS: '', SESSION_KEY: older }
  const terminal = spawn(process.execPath, [...nodeArguments, 'inspect'], { cwd, env, cols: 200 })
  let output = ''
  let isTyped = false
  terminal.onData(data => {
    output += data
    if (isTyped || !output.includes('not shown')) return
    isTyped = true
    terminal.write(typed)
  })
  const code = await new Promise<number>(resolve => {
    terminal.onExit(({ exitCode }) => resolve(exitCode))
  })
  return { code, output }
}
