/** The socket examples. Signing out everywhere closes the visitor's sockets at once. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { suite, test } from 'node:test'
import { CookieJar } from 'silverback/testing'
import { io, type Socket } from 'socket.io-client'
import { WebSocket } from 'ws'
import { withExample } from '../support/projects/example.ts'

/** Signs a visitor in. */
async function signedIn(origin: string, user: string): Promise<CookieJar> {
  const jar = new CookieJar({ origin })
  const headers = { 'Content-Type': 'application/json' }
  await jar.fetch('/sign-in', { method: 'POST', headers, body: JSON.stringify({ user }) })
  return jar
}

const handshake = (jar: CookieJar, origin: string): Record<string, string> => ({
  cookie: jar.header(),
  origin,
})

const signOutEverywhere = (jar: CookieJar): Promise<unknown> =>
  jar.fetch('/sign-out-everywhere', { method: 'POST' })

suite('sockets of ws', () => {
  const open = (origin: string, headers: Record<string, string>): WebSocket =>
    new WebSocket(origin.replace('http', 'ws'), { headers })

  test('have the session, and close on sign-out everywhere', () =>
    withExample('ws', async origin => {
      const [ann, annElsewhere, bob] = await Promise.all([
        signedIn(origin, 'ann'),
        signedIn(origin, 'ann'),
        signedIn(origin, 'bob'),
      ])
      const sockets = [ann, annElsewhere, bob].map(jar => open(origin, handshake(jar, origin)))
      const [first, second, other] = sockets as [WebSocket, WebSocket, WebSocket]
      await Promise.all(sockets.map(socket => once(socket, 'open')))
      first.send('hello')
      assert.equal(String((await once(first, 'message'))[0]), 'ann: hello')

      const closed = [first, second].map(socket => once(socket, 'close'))
      await signOutEverywhere(annElsewhere)
      for (const [code, reason] of await Promise.all(closed)) {
        assert.deepEqual([code, String(reason)], [4401, 'signed out'])
      }
      other.send('still here')
      assert.equal(String((await once(other, 'message'))[0]), 'bob: still here')
      other.terminate()
    }))

  test('refuse visitors who are not signed in, and pages of other sites', () =>
    withExample('ws', async origin => {
      const ann = await signedIn(origin, 'ann')
      const attempts = [
        { origin },
        handshake(ann, 'http://evil.example'),
        { cookie: 'login=made-up', origin },
      ]
      for (const headers of attempts) {
        const [, response] = await once(open(origin, headers), 'unexpected-response')
        assert.equal(response.statusCode, 401)
      }
    }))
})

suite('sockets of Socket.IO', () => {
  const open = (
    origin: string,
    extraHeaders: Record<string, string>,
    transports = ['websocket'],
  ): Socket => io(origin, { extraHeaders, transports, reconnection: false, forceNew: true })

  for (const transport of ['websocket', 'polling']) {
    test(`have the session, and close on sign-out everywhere (${transport})`, () =>
      withExample('socket.io', async origin => {
        const [ann, bob] = await Promise.all([signedIn(origin, 'ann'), signedIn(origin, 'bob')])
        const [socket, other] = [ann, bob].map(jar =>
          open(origin, handshake(jar, origin), [transport]),
        ) as [Socket, Socket]
        await Promise.all([connected(socket), connected(other)])
        assert.equal(await socket.timeout(60_000).emitWithAck('say', 'hello'), 'ann: hello')

        const closed = new Promise(resolve => socket.once('disconnect', resolve))
        await signOutEverywhere(ann)
        assert.equal(await closed, 'io server disconnect')
        assert.equal(await other.timeout(60_000).emitWithAck('say', 'here'), 'bob: here')
        other.disconnect()
      }))
  }

  test('refuse visitors who are not signed in, and pages of other sites', () =>
    withExample('socket.io', async origin => {
      const ann = await signedIn(origin, 'ann')
      const stranger = open(origin, { origin })
      const [refusal] = await failed(stranger)
      assert.equal(refusal.message, 'sign in first')
      const forged = open(origin, handshake(ann, 'http://evil.example'))
      const [failure] = await failed(forged)
      assert.match(failure.message, /websocket error/)
    }))
})

const connected = (socket: Socket): Promise<void> =>
  new Promise((resolve, reject) => socket.once('connect', resolve).once('connect_error', reject))

const failed = (socket: Socket): Promise<[Error]> =>
  new Promise(resolve => socket.once('connect_error', error => resolve([error])))
