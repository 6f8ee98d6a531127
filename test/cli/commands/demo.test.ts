import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { nodeArguments, runCli } from '../support/run-cli.ts'

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`listens until ${signal}`, async t => {
    const child = spawn(process.execPath, [...nodeArguments, 'demo', '--port', '0'], {
      env: { ...process.env, NODE_OPTIONS: '' },
    })
    t.after(() => child.kill('SIGKILL'))
    const ended = new Promise(resolve => child.on('close', resolve))
    const url = await new Promise<string>((resolve, reject) => {
      let output = ''
      child.stdout.setEncoding('utf8').on('data', text => {
        output += text
        const [found] = /http:\/\/[\d.]+:\d+/.exec(output) ?? []
        if (found) resolve(found)
      })
      child.on('exit', () => reject(new Error('the demo has ended')))
    })
    assert.equal((await fetch(url)).status, 200)
    child.kill(signal)
    assert.equal(await ended, 130)
  })
}

test('a port that is in use, and one that is none', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  try {
    const used = await runCli(['demo', '--port', `${port}`])
    assert.equal(used.code, 3)
    assert.match(
      used.stderr,
      new RegExp(`Port ${port} is in use\\. Choose another one with --port`),
    )
  } finally {
    server.close()
  }
  const none = await runCli(['demo', '--port', 'http'])
  assert.equal(none.code, 2)
  assert.match(none.stderr, /--port must be an integer from 0 to 65535, not http/)
})
