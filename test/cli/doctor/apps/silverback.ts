/** An app on Silverback's adapter for Express, without faults unless they are asked for. */

import express from 'express'
import { CookieStore, defineSession, type Options, ServerStore } from 'silverback'
import { sessions } from 'silverback/express'
import { memory } from 'silverback/memory'
import { accountPage, listen, loginPage, newToken, type Site, secret, userOf } from './site.ts'

interface Data {
  csrf: string
  user: string
  visits: number
}

export interface SilverbackFaults {
  readonly store?: 'server' | 'cookie'
  readonly options?: Options
  /** Whether ended sessions are forgotten, as a CookieStore does by itself. */
  readonly withoutRevocation?: boolean
  readonly keepsIdAtLogin?: boolean
  readonly countsEveryRequest?: boolean
  readonly cacheControl?: string
}

export function silverbackApp(faults: SilverbackFaults = {}): Promise<Site> {
  const options = { secure: 'auto', ...faults.options } satisfies Options
  const revocation = faults.withoutRevocation ? {} : { revocation: memory({ whenFull: 'throw' }) }
  const store =
    faults.store === 'cookie'
      ? new CookieStore({ keys: [secret], options, trustProxy: 1, ...revocation })
      : new ServerStore(memory(), { options, trustProxy: 1 })
  const login = defineSession<Data>(store, 'app')
  const app = express()
  app.use(sessions(login), express.urlencoded())
  app.use(async (request, _, next) => {
    const session = await login.get(request)
    if (faults.countsEveryRequest) session.increment('visits')
    next()
  })
  app.use((_, response, next) => {
    if (faults.cacheControl) response.set('Cache-Control', faults.cacheControl)
    next()
  })
  app.get('/', (_, response) => {
    response.send('<h1>Welcome</h1>')
  })
  app.get('/login', async (request, response) => {
    const session = await login.get(request)
    session.values.csrf ??= newToken()
    response.send(loginPage(session.values.csrf))
  })
  app.post('/login', async (request, response) => {
    const session = await login.get(request)
    const user = userOf(new URLSearchParams(request.body), session.values.csrf)
    if (user === undefined) return void response.status(401).send('Wrong')
    if (faults.keepsIdAtLogin) session.values.user = user
    else session.login(user)
    response.redirect(303, '/account')
  })
  app.get('/account', async (request, response) => {
    const session = await login.get(request)
    const user = session.owner ?? session.values.user
    if (user === undefined) return response.redirect(303, '/login')
    response.send(accountPage(user))
  })
  app.post('/logout', async (request, response) => {
    const session = await login.get(request)
    session.destroy()
    response.redirect(303, '/')
  })
  return listen(app)
}
