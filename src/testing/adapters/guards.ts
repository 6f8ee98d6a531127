/**
 * Cases about guards of routes: `requireLogin`, `requireFreshLogin` and `csrfProtection`.
 *
 * @module
 */

import { csrf } from '../../session/csrf.ts'
import { assertEqual } from '../assert.ts'
import type { Browser, Page } from './browser.ts'
import { type Case, type CaseContext, ok, type RouteGuard, type StartedApp } from './case.ts'
import { backendThat, serverStore } from './stores.ts'

const redirectTo = '/sign-in?next=%2Faccount'
const foreign = { origin: 'https://other.example', 'sec-fetch-site': 'cross-site' }
const own = { 'sec-fetch-site': 'same-origin' }

export const guardCases = {
  async 'refuses visitors without a login: requireLogin'({ start }) {
    const { browser } = await startGuarded(start, { use: 'requireLogin', options: {} })
    const page = await browser.get('/guarded')
    assertEqual([page.status, page.text.includes('ok')], [401, false])
    await browser.get('/sign-in')
    const allowed = await browser.get('/guarded')
    assertEqual([allowed.status, allowed.text], [200, 'ok'])
    await browser.get('/sign-out')
    assertEqual((await browser.get('/guarded')).status, 401)
  },

  async 'redirects visitors without a login: requireLogin with redirectTo'({ start }) {
    const { browser } = await startGuarded(start, { use: 'requireLogin', options: { redirectTo } })
    const post = { method: 'POST', headers: own }
    for (const page of [await browser.get('/guarded'), await browser.get('/guarded', post)]) {
      assertEqual([isRedirect(page), page.headers.location], [true, redirectTo])
    }
    await browser.get('/sign-in')
    assertEqual((await browser.get('/guarded')).text, 'ok')
  },

  async 'keeps refusals out of caches: requireLogin'({ start }) {
    const guard = { use: 'requireLogin', options: {} } as const
    assertPrivate(await (await startGuarded(start, guard)).browser.get('/guarded'))
    const redirecting = await startGuarded(start, { ...guard, options: { redirectTo } })
    assertPrivate(await redirecting.browser.get('/guarded'))
  },

  async 'refuses logins that are too old: requireFreshLogin'({ start }) {
    const guard = { use: 'requireFreshLogin', seconds: 300, options: {} } as const
    const { browser, clock } = await startGuarded(start, guard)
    assertEqual((await browser.get('/guarded')).status, 401)
    await browser.get('/sign-in')
    assertEqual((await browser.get('/guarded')).text, 'ok')
    clock.time += 301
    assertEqual((await browser.get('/guarded')).status, 401)
    await browser.get('/elevate')
    assertEqual((await browser.get('/guarded')).text, 'ok')
  },

  async 'guards a route whose session is loaded lazily'({ start }) {
    const guard = { use: 'requireLogin', options: {} } as const
    const { app, store } = await startGuarded(start, guard, true)
    const browser = app.browser()
    const page = await browser.get('/guarded')
    assertEqual([page.status, page.cookies], [401, []])
    const request = new Request('http://localhost/')
    const session = await store.get(request, 'login')
    session.login('ann')
    const headers = new Headers()
    await session.save(request, headers)
    const [cookie] = headers.getSetCookie().map(line => line.split(';')[0] as string)
    const allowed = await browser.get('/guarded', { headers: { cookie: String(cookie) } })
    assertEqual([allowed.status, allowed.text], [200, 'ok'])
  },

  async 'refuses cross-site requests: csrfProtection'({ start }) {
    const { browser, operations } = await startGuarded(start, {
      use: 'csrfProtection',
      options: { allow: ['https://admin.example'] },
    })
    const send = async (method: string, headers: Record<string, string>): Promise<number> =>
      (await browser.get('/guarded', { method, headers })).status
    assertEqual(await send('GET', foreign), 200)
    assertEqual(await send('POST', foreign), 403)
    assertEqual(await send('POST', {}), 403)
    assertEqual(await send('POST', own), 200)
    assertEqual(await send('DELETE', { ...foreign, origin: 'https://admin.example' }), 200)
    assertEqual(operations.includes('create'), false)
  },

  async 'refuses requests without a token: csrfProtection with tokens'({ start }) {
    const { browser } = await startGuarded(start, store => ({
      use: 'csrfProtection',
      options: { tokens: { store, name: 'login' } },
    }))
    const { text: token } = await browser.get('/token')
    const send = async (headers: Record<string, string>): Promise<number> =>
      (await browser.get('/guarded', { method: 'POST', headers })).status
    assertEqual(await send({ ...own, 'x-csrf-token': token }), 200)
    assertEqual(await send(own), 403)
    assertEqual(await send({ ...own, 'x-csrf-token': token.replace(/^./, '!') }), 403)
    assertEqual(await send({ ...foreign, 'x-csrf-token': token }), 403)
    assertEqual((await browser.get('/guarded')).text, 'ok')
  },
} satisfies Record<string, Case>

interface Guarded {
  readonly app: StartedApp
  readonly browser: Browser
  readonly store: ReturnType<typeof serverStore>
  /** Unix time in seconds, as the store sees it. */
  readonly clock: { time: number }
  /** The operations of the backend so far. */
  readonly operations: readonly string[]
}

/** Starts an app with the guard at `/guarded`, and routes that sign in and out. */
async function startGuarded(
  start: CaseContext['start'],
  guard: RouteGuard | ((store: Guarded['store']) => RouteGuard),
  lazy = false,
): Promise<Guarded> {
  const clock = { time: Math.floor(Date.now() / 1000) }
  const operations: string[] = []
  const backend = backendThat(operation => void operations.push(operation))
  const store = serverStore(backend, { now: () => clock.time })
  const app = await start(
    {
      '/guarded': () => ok,
      '/sign-in': ({ session }) => {
        session.login('ann')
        return ok
      },
      '/elevate': ({ session }) => {
        session.elevate()
        return ok
      },
      '/sign-out': ({ session }) => {
        session.destroy()
        return ok
      },
      '/token': ({ session }) => ({ body: csrf(session).token() }),
    },
    {
      sources: { store, name: 'login' },
      lazy,
      guards: { '/guarded': typeof guard === 'function' ? guard(store) : guard },
    },
  )
  return { app, browser: app.browser(), store, clock, operations }
}

/** Next.js redirects with 307, all others with 303. */
function isRedirect({ status }: Page): boolean {
  return status === 303 || status === 307
}

function assertPrivate({ headers }: Page): void {
  assertEqual(/no-store/.test(headers['cache-control'] ?? ''), true)
  assertEqual(/\bcookie\b/i.test(headers.vary ?? ''), true)
}
