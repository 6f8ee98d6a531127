import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('../support/processes/logged-sessions.ts', import.meta.url))

/** Runs the program with this NODE_DEBUG. Returns our lines of stderr, without times and process id, and the secrets. */
function run(debug: string | undefined): { lines: string[]; stderr: string; secrets: string[] } {
  const { NODE_DEBUG: _, ...env } = process.env
  const args = ['--import', 'tsx', '--conditions=@silverback/source', program]
  const { stdout, stderr } = spawnSync(process.execPath, args, {
    env: debug === undefined ? env : { ...env, NODE_DEBUG: debug },
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  const lines = stderr
    .split('\n')
    .filter(line => line.startsWith('SILVERBACK '))
    .map(line => line.replace(/^SILVERBACK \d+: /, '').replace(/\d+\.\d ms/, 'N ms'))
    .map(line => line.replace(/\d+ bytes/, 'N bytes'))
  return { lines, stderr, secrets: JSON.parse(stdout) as string[] }
}

const read = 'read "login" in ServerStore: found, N bytes, N ms'

suite('NODE_DEBUG=silverback', () => {
  test('prints one line per event, without secrets', () => {
    const { lines, stderr, secrets } = run('silverback')
    assert.deepEqual(lines, [
      'read "login" in ServerStore: new, no-cookie, N ms',
      'save "login" in ServerStore: rotated, N ms',
      read,
      read,
      'save "login" in ServerStore: saved, N ms',
      'save "login" in ServerStore: saved, conflicts: 1, N ms',
      'read "login" in ServerStore: new, malformed, N bytes, N ms',
      'reject "login" in ServerStore: malformed, base64-invalid, N bytes, N ms',
      'save "login" in ServerStore: unchanged, N ms',
      'revoke in ServerStore: owner, 1 ended',
      'store-error in ServerStore: read: session backend: load: connection lost',
    ])
    for (const secret of secrets) assert.ok(!stderr.includes(secret), secret)
  })

  for (const debug of ['http,silverback', '*', 'silver*', 'SILVERBACK']) {
    test(`works as ${debug}`, () => assert.equal(run(debug).lines.length, 11))
  }

  for (const debug of [undefined, '', 'http', 'silverback-two']) {
    test(`is off with ${debug}`, () => assert.deepEqual(run(debug).lines, []))
  }
})
