/**
 * Cases about what is saved, and when.
 *
 * @module
 */

import { registry } from '../../session/registry.ts'
import type { SessionSource } from '../../session/session-source.ts'
import { assert, assertEqual } from '../assert.ts'
import { cookieOf } from './browser.ts'
import { type Case, ok, type Visit } from './case.ts'
import { backendThat, cookieStore, serverStore, sleep } from './stores.ts'

const visits = ({ session }: Visit): typeof ok => ({ body: String(session.increment('visits')) })
const flashes = ({ session }: Visit): typeof ok => ({ body: session.flashes<string>().join() })

export const savingCases = {
  async 'counts each visit'({ start }) {
    const browser = (await start({ '/': visits })).browser()
    const texts: string[] = []
    for (let visit = 0; visit < 3; visit++) texts.push((await browser.get('/')).text)
    assertEqual(texts, ['1', '2', '3'])
  },

  async 'returns a flash message once'({ start }) {
    const app = await start({
      '/add': ({ session }) => {
        session.addFlash('Saved')
        return ok
      },
      '/': flashes,
    })
    const browser = app.browser()
    await browser.get('/add')
    assertEqual((await browser.get('/')).text, 'Saved')
    assertEqual((await browser.get('/')).text, '')
  },

  async 'keeps a flash message across a redirect'({ start }) {
    const app = await start({
      '/form': ({ session }) => {
        session.addFlash('Saved')
        return { redirect: '/' }
      },
      '/': flashes,
    })
    assertEqual((await app.browser().follow('/form', { method: 'POST' })).text, 'Saved')
  },

  async 'sends a redirect only after a slow store has saved'({ start }) {
    const done: string[] = []
    const backend = backendThat(async operation => {
      if (operation !== 'create') return
      await sleep(100)
      done.push('written')
    })
    const app = await start(
      {
        '/form': ({ session }) => {
          session.addFlash('Saved')
          return { redirect: '/' }
        },
        '/': flashes,
      },
      { sources: { store: serverStore(backend), name: 'login' } },
    )
    const browser = app.browser()
    await browser.get('/form')
    done.push('redirected')
    assertEqual(done, ['written', 'redirected'])
    assertEqual((await browser.get('/')).text, 'Saved')
  },

  async 'sends the head only after a slow store has saved'({ start }) {
    let written = false
    const backend = backendThat(async operation => {
      await sleep(50)
      written = operation === 'create'
    })
    const sources = { store: serverStore(backend), name: 'login' }
    const browser = (await start({ '/': visits }, { sources })).browser()
    const opened = await browser.open('/')
    assertEqual(written, true)
    await opened.leave()
  },

  async 'saves a change made after an asynchronous wait'({ start }) {
    const app = await start({
      '/': async visit => {
        await sleep(30)
        return visits(visit)
      },
    })
    const browser = app.browser()
    await browser.get('/')
    assertEqual((await browser.get('/')).text, '2')
  },

  async 'leaves the request body readable'({ start }) {
    const app = await start({
      '/form': async ({ session, body }) => {
        session.values.form = await body()
        return { redirect: '/' }
      },
      '/': ({ session }) => ({ body: String(session.values.form) }),
    })
    const page = await app.browser().follow('/form', { method: 'POST', body: 'name=ann' })
    assertEqual(page.text, 'name=ann')
  },

  async 'saves on a HEAD request and sends no body'({ start }) {
    const browser = (await start({ '/': visits })).browser()
    const page = await browser.get('/', { method: 'HEAD' })
    assertEqual([page.status, page.text, page.cookies.length], [200, '', 1])
    assertEqual((await browser.get('/')).text, '2')
  },

  async 'saves with a 204 response'({ start }) {
    const app = await start({ '/': visit => ({ ...visits(visit), status: 204, body: '' }) })
    const page = await app.browser().get('/')
    assertEqual([page.status, page.text, page.cookies.length], [204, '', 1])
  },

  async 'saves with a 304 response'({ start }) {
    const app = await start({
      '/': visit => {
        visits(visit)
        return { status: 304, headers: { ETag: '"1"' } }
      },
    })
    const page = await app.browser().get('/', { headers: { 'If-None-Match': '"1"' } })
    assertEqual([page.status, page.text, page.cookies.length], [304, '', 1])
  },

  async "saves with a handler's 404 response"({ start }) {
    const browser = (await start({ '/': visit => ({ ...visits(visit), status: 404 }) })).browser()
    const page = await browser.get('/')
    assertEqual([page.status, page.text, page.cookies.length], [404, '1', 1])
  },

  async "sets no cookie on the framework's own 404 response"({ start }) {
    const app = await start({ '/': visits })
    const browser = app.browser()
    await browser.get('/')
    const page = await browser.get('/missing')
    assertEqual([page.status, page.cookies], [404, []])
    assertEqual((await browser.get('/')).text, '2')
  },

  async 'serves several requests on one connection'({ start }) {
    const kept = (await start({ '/': visits })).browser({ keepAlive: true })
    for (let visit = 1; visit <= 5; visit++) assertEqual((await kept.get('/')).text, String(visit))
  },

  async 'does not save again after an explicit save'({ start }) {
    const writes: string[] = []
    const time = Math.floor(Date.now() / 1000)
    const backend = backendThat(operation => {
      if (operation !== 'load') writes.push(operation)
    })
    const app = await start(
      {
        '/': async ({ session, request, response }) => {
          const visits = session.increment('visits')
          await session.save(request, response)
          return { body: String(visits) }
        },
      },
      { sources: { store: serverStore(backend, { now: () => time }), name: 'login' } },
    )
    const browser = app.browser()
    assertEqual((await browser.get('/')).cookies.length, 1)
    assertEqual((await browser.get('/')).text, '2')
    assertEqual(writes, ['create', 'update'])
  },

  async 'saves a change made after an explicit save'({ start }) {
    const app = await start({
      '/': async ({ session, request, response }) => {
        session.values.a = 1
        await session.save(request, response)
        session.values.b = 2
        return ok
      },
      '/show': ({ session }) => ({ body: JSON.stringify(session.values) }),
    })
    const browser = app.browser()
    const page = await browser.get('/')
    assert(cookieOf(page, 'login') !== undefined, 'one cookie')
    assertEqual((await browser.get('/show')).text, '{"a":1,"b":2}')
  },

  async 'changes the id on sign-in and ends the old one'({ start }) {
    const app = await start(
      {
        '/cart': ({ session }) => {
          session.values.cart = ['tea']
          return ok
        },
        '/sign-in': ({ session }) => {
          session.login('ann', { keep: ['cart'] })
          return { redirect: '/' }
        },
        '/': ({ session }) => ({ body: `${session.owner} ${session.values.cart}` }),
      },
      { sources: { store: serverStore(), name: 'login' } },
    )
    const browser = app.browser()
    await browser.get('/cart')
    const planted = browser.cookieHeader
    assertEqual((await browser.follow('/sign-in')).text, 'ann tea')
    const page = await app.browser().get('/', { headers: { cookie: planted } })
    assertEqual(page.text, 'undefined undefined')
  },

  async 'removes the session and its cookie on destroy'({ start }) {
    const app = await start(
      {
        '/set': visits,
        '/sign-out': ({ session }) => {
          session.destroy()
          return { redirect: '/' }
        },
        '/': ({ session }) => ({ body: String(session.reason) }),
      },
      { sources: { store: serverStore(), name: 'login' } },
    )
    const browser = app.browser()
    await browser.get('/set')
    const stolen = browser.cookieHeader
    assertEqual((await browser.follow('/sign-out')).text, 'no-cookie')
    const page = await app.browser().get('/', { headers: { cookie: stolen } })
    assertEqual(page.text, 'unknown-id')
  },

  async 'ends the sessions of other browsers on sign-out everywhere'({ start }) {
    const store = serverStore()
    const app = await start(
      {
        '/sign-in': ({ session }) => {
          session.login('ann')
          return { redirect: '/' }
        },
        '/sign-out-everywhere': async ({ session }) => {
          await store.revokeAll(String(session.owner))
          session.destroy()
          return { redirect: '/' }
        },
        '/': ({ session }) => ({ body: String(session.owner) }),
      },
      { sources: { store, name: 'login' } },
    )
    const [here, there] = [app.browser(), app.browser()]
    for (const browser of [here, there]) {
      assertEqual((await browser.follow('/sign-in')).text, 'ann')
    }
    assertEqual((await here.follow('/sign-out-everywhere')).text, 'undefined')
    assertEqual((await there.get('/')).text, 'undefined')
  },

  async 'uses the session that store.get returns for the request'({ start }) {
    const sources = { store: cookieStore(), name: 'login' }
    const app = await start(
      {
        '/': async ({ session, request }) => ({
          body: String((await sources.store.get(request, 'login')) === session),
        }),
      },
      { sources },
    )
    assertEqual((await app.browser().get('/')).text, 'true')
  },

  async 'saves a session that the handler loads itself'({ start }) {
    const store = cookieStore()
    const app = await start(
      {
        '/': async ({ session, request }) => {
          const other = await store.get<{ dark?: boolean }>(request, 'theme')
          const was = other.values.dark
          other.values.dark = true
          session.values.user = 'ann'
          return { body: String(was) }
        },
      },
      { sources: { store, name: 'login' } },
    )
    const browser = app.browser()
    assertEqual((await browser.get('/')).text, 'undefined')
    assertEqual([...browser.jar.keys()].sort(), ['login', 'theme'])
    assertEqual((await browser.get('/')).text, 'true')
  },

  async 'keeps all sessions of a request in one registry'({ start }) {
    const app = await start({
      '/': ({ request }) => ({ body: String(registry(request).size) }),
    })
    assertEqual((await app.browser().get('/')).text, '1')
  },

  async 'serves several sessions of several stores'({ start }) {
    const app = await start(
      {
        '/': ({ sessions }) => {
          const login = sessions.login?.increment('visits')
          const theme = sessions.theme?.increment('visits', 10)
          return { body: `${login} ${theme}` }
        },
      },
      { sources: loginAndTheme() },
    )
    const browser = app.browser()
    assertEqual((await browser.get('/')).cookies.length, 2)
    assertEqual((await browser.get('/')).text, '2 20')
    assertEqual([...browser.jar.keys()].sort(), ['app-theme', 'login'])
  },

  async 'sets a cookie only for the changed one of several sessions'({ start }) {
    const app = await start(
      {
        '/': ({ sessions }) => {
          sessions.theme?.increment('visits')
          return ok
        },
      },
      { sources: loginAndTheme() },
    )
    const page = await app.browser().get('/')
    assertEqual(page.cookies.length, 1)
    assert(cookieOf(page, 'app-theme') !== undefined, 'the changed one')
  },

  async 'keeps several sessions across a redirect'({ start }) {
    const app = await start(
      {
        '/form': ({ sessions }) => {
          sessions.login?.addFlash('in')
          sessions.theme?.addFlash('dark')
          return { redirect: '/' }
        },
        '/': ({ sessions }) => ({
          body: [sessions.login, sessions.theme].flatMap(each => each?.flashes()).join(),
        }),
      },
      { sources: loginAndTheme() },
    )
    assertEqual((await app.browser().follow('/form')).text, 'in,dark')
  },
} satisfies Record<string, Case>

/** Two sources. The key `theme` in the app differs from the name of its cookie. */
function loginAndTheme(): Record<'login' | 'theme', SessionSource<object>> {
  return {
    login: { store: serverStore(), name: 'login' },
    theme: { store: cookieStore(), name: 'app-theme' },
  }
}
