/** An app on @fastify/session, without faults unless they are asked for. */

import fastifyCookie from '@fastify/cookie'
import fastifySession, { type FastifySessionOptions } from '@fastify/session'
import fastify, { type FastifyRequest } from 'fastify'
import { accountPage, loginPage, newToken, type Site, secret, userOf } from './site.ts'

interface Data {
  csrf?: string
  user?: string
  destroy(): Promise<void>
}

export interface FastifyFaults {
  readonly cookie?: FastifySessionOptions['cookie']
  readonly options?: Partial<FastifySessionOptions>
  readonly keepsIdAtLogin?: boolean
  readonly onlyClearsCookie?: boolean
}

export async function fastifySessionApp(faults: FastifyFaults = {}): Promise<Site> {
  const app = fastify({ trustProxy: 'loopback', forceCloseConnections: true })
  app.register(fastifyCookie)
  app.register(fastifySession, {
    secret,
    saveUninitialized: false,
    rolling: false,
    ...faults.options,
    cookie: { secure: 'auto', sameSite: 'lax', maxAge: 86_400_000, path: '/', ...faults.cookie },
  })
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_, body, done) => done(null, new URLSearchParams(String(body))),
  )
  app.addHook('onRequest', async (_, reply) => {
    reply.header('Cache-Control', 'no-store')
  })
  const dataOf = (request: FastifyRequest) => request.session as unknown as Data
  app.get('/', (_, reply) => reply.type('text/html').send('<h1>Welcome</h1>'))
  app.get('/login', (request, reply) => {
    const session = dataOf(request)
    session.csrf ??= newToken()
    return reply.type('text/html').send(loginPage(session.csrf))
  })
  app.post('/login', async (request, reply) => {
    const user = userOf(request.body as URLSearchParams, dataOf(request).csrf)
    if (user === undefined) return reply.code(401).send('Wrong')
    if (!faults.keepsIdAtLogin) await request.session.regenerate()
    dataOf(request).user = user
    return reply.redirect('/account', 303)
  })
  app.get('/account', (request, reply) => {
    const { user } = dataOf(request)
    if (user === undefined) return reply.redirect('/login', 303)
    return reply.type('text/html').send(accountPage(user))
  })
  app.post('/logout', async (request, reply) => {
    reply.clearCookie('sessionId', { path: '/' })
    if (!faults.onlyClearsCookie) await dataOf(request).destroy()
    return reply.redirect('/', 303)
  })
  const url = await app.listen({ host: 'localhost', port: 0 })
  return { url: `${url.replace(/127\.0\.0\.1|\[::1\]/, 'localhost')}/`, close: () => app.close() }
}
