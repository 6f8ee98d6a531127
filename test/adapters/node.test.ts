import assert from 'node:assert/strict'
import { once } from 'node:events'
import {
  connect,
  createServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from 'node:http2'
import type { AddressInfo } from 'node:net'
import { suite, test } from 'node:test'
import { CookieStore } from 'silverback'
import { sessions } from 'silverback/node'
import { keys } from '../support/keys.ts'
import { runAdapterSuite } from './run.ts'

runAdapterSuite('node')

suite('node:http2', () => {
  test('saves a session before the head is sent', async () => {
    const store = new CookieStore({ keys })
    const server = createServer(
      sessions(
        { store, name: 'login' },
        (_: Http2ServerRequest, response: Http2ServerResponse, session) => {
          const visits = session.increment('visits')
          response.writeHead(201, { 'x-own': 'yes' })
          response.write('visit ')
          response.end(String(visits))
        },
      ),
    ).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    try {
      let cookie = ''
      for (const expected of ['visit 1', 'visit 2']) {
        const stream = client.request({ ':path': '/', ...(cookie && { cookie }) })
        const [headers] = await once(stream, 'response')
        stream.setEncoding('utf8')
        assert.deepEqual([headers[':status'], headers['x-own']], [201, 'yes'])
        assert.equal((await stream.toArray()).join(''), expected)
        cookie = headers['set-cookie'][0].split(';')[0]
      }
    } finally {
      client.close()
      server.close()
    }
  })
})
