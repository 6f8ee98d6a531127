/** The buffers of nginx that docs/production.md names are needed, and are large enough. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { suite, test } from 'node:test'
import { startProxy } from '../support/services/nginx.ts'
import { needs } from '../support/services/programs.ts'

const page = readFileSync(new URL('../../docs/production.md', import.meta.url), 'utf8')
const [, directives = ''] = /^```nginx\n(proxy_buffer_size.*?)^```$/ms.exec(page) ?? []

/** The statuses of a response that sets cookies of this many bytes, and of a request that sends them. */
async function statusesOf(bytes: number, settings?: string): Promise<Record<string, number>> {
  const server = createServer((request, response) => {
    if (request.url === '/set') {
      response.setHeader(
        'Set-Cookie',
        cookiesOf(bytes).map(cookie => `${cookie}; Path=/; Secure`),
      )
    }
    response.end()
  }).listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const nginx = await startProxy(origin, settings)
  try {
    const response = await fetch(`${nginx.url}/set`)
    const cookie = cookiesOf(bytes).join('; ')
    const request = await fetch(`${nginx.url}/`, { headers: { cookie } })
    return { response: response.status, request: request.status }
  } finally {
    await nginx.stop()
    server.closeAllConnections()
    server.close()
  }
}

/** Cookies of at most 4096 bytes. */
function cookiesOf(bytes: number): string[] {
  const cookies: string[] = []
  for (let rest = bytes; rest > 0; rest -= 4096) {
    cookies.push(`s${cookies.length}=`.padEnd(Math.min(rest, 4096), 'x'))
  }
  return cookies
}

suite('nginx and large cookies', needs('nginx'), () => {
  test('without settings, a response that sets one full cookie is a 502', async () => {
    assert.deepEqual(await statusesOf(2048), { response: 200, request: 200 })
    assert.deepEqual(await statusesOf(4096), { response: 502, request: 200 })
  })

  test('without settings, a request with more than 8 KiB of cookies is a 400', async () => {
    assert.equal((await statusesOf(8100)).request, 200)
    assert.equal((await statusesOf(12_288)).request, 400)
  })

  test('with the settings of docs/production.md, 12 KiB of cookies pass both ways', async () => {
    assert.match(directives, /large_client_header_buffers/)
    assert.deepEqual(await statusesOf(12_288, directives), { response: 200, request: 200 })
  })
})
