/** An app on express-session, without faults unless they are asked for. */

import express, { type Request, type RequestHandler } from 'express'
import session from 'express-session'
import { accountPage, listen, loginPage, newToken, type Site, secret, userOf } from './site.ts'

interface Session {
  csrf?: string
  user?: string
  regenerate(callback: (error?: unknown) => void): void
  destroy(callback: (error?: unknown) => void): void
}

export interface ExpressFaults {
  /** Options of the cookie. */
  readonly cookie?: object
  readonly options?: object
  /** Middleware before the session. */
  readonly before?: RequestHandler
  readonly keepsIdAtLogin?: boolean
  readonly onlyClearsCookie?: boolean
  /** `Cache-Control` by path, instead of `no-store`. The empty string: no header. */
  readonly cacheControl?: Readonly<Record<string, string>>
}

export function expressSessionApp(faults: ExpressFaults = {}): Promise<Site> {
  const app = express()
  app.set('trust proxy', 'loopback')
  // Errors are not logged then.
  app.set('env', 'test')
  if (faults.before) app.use(faults.before)
  app.use(
    session({
      secret,
      resave: false,
      saveUninitialized: false,
      ...faults.options,
      cookie: { secure: 'auto', sameSite: 'lax', maxAge: 86_400_000, ...faults.cookie },
    }),
    express.urlencoded(),
  )
  app.use((request, response, next) => {
    const header = faults.cacheControl?.[request.path] ?? 'no-store'
    if (header) response.set('Cache-Control', header)
    next()
  })
  app.get('/', (_, response) => {
    response.send('<h1>Welcome</h1>')
  })
  app.get('/login', (request, response) => {
    const session = sessionOf(request)
    session.csrf ??= newToken()
    response.send(loginPage(session.csrf))
  })
  app.post('/login', (request, response, next) => {
    const user = userOf(new URLSearchParams(request.body), sessionOf(request).csrf)
    if (user === undefined) return void response.status(401).send('Wrong')
    const enter = () => {
      sessionOf(request).user = user
      response.redirect(303, '/account')
    }
    if (faults.keepsIdAtLogin) return enter()
    sessionOf(request).regenerate(error => (error ? next(error) : enter()))
  })
  app.get('/account', (request, response) => {
    const { user } = sessionOf(request)
    if (user === undefined) return response.redirect(303, '/login')
    response.send(accountPage(user))
  })
  app.post('/logout', (request, response, next) => {
    response.clearCookie('connect.sid')
    if (faults.onlyClearsCookie) return response.redirect(303, '/')
    sessionOf(request).destroy(error => (error ? next(error) : response.redirect(303, '/')))
  })
  return listen(app)
}

function sessionOf(request: Request): Session {
  return (request as Request & { session: Session }).session
}
