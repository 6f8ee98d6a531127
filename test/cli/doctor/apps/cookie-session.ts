/** An app on cookie-session. Its cookies can be read, and replayed after the sign-out unless ended ids are kept. */

import { randomUUID } from 'node:crypto'
import cookieSession from 'cookie-session'
import express, { type Request, type RequestHandler } from 'express'
import { accountPage, listen, loginPage, newToken, type Site, secret, userOf } from './site.ts'

interface Data {
  csrf?: string
  user?: string
  id?: string
}
type WithSession = Request & { session: Data | null }

export interface CookieSessionFaults {
  readonly options?: object
  readonly onlyClearsCookie?: boolean
}

export function cookieSessionApp(faults: CookieSessionFaults = {}): Promise<Site> {
  const ended = new Set<string>()
  const app = express()
  app.set('trust proxy', 'loopback')
  app.use(
    cookieSession({
      keys: [secret],
      sameSite: 'lax',
      maxAge: 86_400_000,
      ...faults.options,
    }) as unknown as RequestHandler,
    express.urlencoded(),
    (_, response, next) => {
      response.set('Cache-Control', 'no-store')
      next()
    },
  )
  const sessionOf = (request: Request) => (request as WithSession).session ?? {}
  app.get('/', (_, response) => {
    response.send('<h1>Welcome</h1>')
  })
  app.get('/login', (request, response) => {
    const session = sessionOf(request)
    session.csrf ??= newToken()
    response.send(loginPage(session.csrf))
  })
  app.post('/login', (request, response) => {
    const session = sessionOf(request)
    const user = userOf(new URLSearchParams(request.body), session.csrf)
    if (user === undefined) return void response.status(401).send('Wrong')
    Object.assign(session, { user, id: randomUUID() })
    response.redirect(303, '/account')
  })
  app.get('/account', (request, response) => {
    const { user, id } = sessionOf(request)
    if (user === undefined || ended.has(id as string)) return response.redirect(303, '/login')
    response.send(accountPage(user))
  })
  app.post('/logout', (request, response) => {
    const { id } = sessionOf(request)
    if (!faults.onlyClearsCookie && id !== undefined) ended.add(id)
    Object.assign(request, { session: null })
    response.redirect(303, '/')
  })
  return listen(app)
}
