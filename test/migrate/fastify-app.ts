/** An app that uses @fastify/secure-session. */

import type { RequestListener } from 'node:http'
import oldSessions, { type SecureSessionPluginOptions } from '@fastify/secure-session'
import fastify from 'fastify'
import { login } from './move.ts'

/** Starts the app: `/login` fills the session, `/` returns it as JSON. */
export async function oldApp(
  options: Partial<SecureSessionPluginOptions>,
): Promise<RequestListener> {
  const app = fastify()
  const defaults = { cookie: { path: '/' } }
  await app.register(oldSessions, { ...defaults, ...options } as SecureSessionPluginOptions)
  app.get('/login', async request => {
    const session = request.session as unknown as { set(key: string, value: unknown): void }
    for (const [name, value] of Object.entries(login)) session.set(name, value)
    return ''
  })
  app.get('/', async request => request.session.data())
  await app.ready()
  return (request, response) => app.routing(request, response)
}
