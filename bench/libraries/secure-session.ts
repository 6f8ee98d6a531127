/** The functions of `@fastify/secure-session`, without the framework around them. */

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

/** Rejects when fastify does not take the plugin. */
export async function secureSessions(): Promise<Library> {
  const app = fastify()
  await app.register(secureSession, {
    key: Buffer.from('fedcba9876543210fedcba9876543210'),
    expiry: 30 * 86_400,
    cookie: attributes,
  })
  await app.ready()

  function opened(header: string | undefined): secureSession.Session {
    const cookie = header === undefined ? undefined : app.parseCookie(header)[name]
    return app.decodeSecureSession(cookie as string) ?? app.createSecureSession({})
  }

  return {
    name: '@fastify/secure-session',
    does: 'encrypts and authenticates with XSalsa20-Poly1305 (libsodium), JSON',
    lacks: 'Dates; runs without its hooks and without fastify around it',
    carried: jsonCarried,
    read: cookie => asValues(opened(newRequest(cookie).headers.cookie)),
    save(cookie, change) {
      const request = newRequest(cookie)
      const response = newResponse(request)
      const session = opened(request.headers.cookie)
      change(asValues(session))
      const text = app.encodeSecureSession(session)
      response.setHeader('Set-Cookie', app.serializeCookie(name, text, attributes))
      return setCookieLines(response)
    },
  }
}

/** Its sessions give and take their values as properties. */
function asValues(session: secureSession.Session): Values {
  return session as unknown as Values
}
