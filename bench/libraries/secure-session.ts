/** @fastify/secure-session: its functions, called without Fastify around them. */

import secureSession from '@fastify/secure-session'
import fastify from 'fastify'
import { newRequest, newResponse, setCookieLines } from '../http.ts'
import { jsonCarried, type Library } from '../library.ts'
import type { Values } from '../samples.ts'

const name = 'session'
const attributes = {
  path: '/',
  httpOnly: true,
  secure: true,
  sameSite: 'lax',
  maxAge: 30 * 86_400,
} as const

/** Rejects if Fastify refuses the plugin. */
export async function secureSessions(): Promise<Library> {
  const app = fastify()
  await app.register(secureSession, {
    key: Buffer.from('fedcba9876543210fedcba9876543210'),
    expiry: 30 * 86_400,
    cookie: attributes,
  })
  await app.ready()

  function openSession(header: string | undefined): secureSession.Session {
    const cookie = header === undefined ? undefined : app.parseCookie(header)[name]
    return app.decodeSecureSession(cookie as string) ?? app.createSecureSession({})
  }

  return {
    name: '@fastify/secure-session',
    does: 'encrypts and authenticates with XSalsa20-Poly1305 (libsodium); JSON',
    lacks: 'Date values; runs without its hooks and without Fastify',
    roundTrip: jsonCarried,
    read: cookie => asValues(openSession(newRequest(cookie).headers.cookie)),
    save(cookie, change) {
      const request = newRequest(cookie)
      const response = newResponse(request)
      const session = openSession(request.headers.cookie)
      change(asValues(session))
      const value = app.encodeSecureSession(session)
      response.setHeader('Set-Cookie', app.serializeCookie(name, value, attributes))
      return setCookieLines(response)
    },
  }
}

/** Its sessions expose their values as properties. */
function asValues(session: secureSession.Session): Values {
  return session as unknown as Values
}
