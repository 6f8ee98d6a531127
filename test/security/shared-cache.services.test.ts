import assert from 'node:assert/strict'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { before, suite, test } from 'node:test'
import express from 'express'
import expressSession from 'express-session'
import { CookieStore, ServerStore, type Store } from 'silverback'
import { memory } from 'silverback/memory'
import { sessions } from 'silverback/node'
import { keys } from '../support/keys.ts'
import { type Nginx, startCache } from '../support/services/nginx.ts'
import { needs } from '../support/services/programs.ts'

interface Login {
  user?: string
}

/** An app whose page names its visitor: `/sign-in?ann`, `/`. */
function ours(store: Store): RequestListener {
  return sessions<{ store: Store; name: string }>(
    { store, name: 'sid' },
    (request, response, session) => {
      const values = session.values as Login
      const [, user] = request.url?.split('?') ?? []
      if (user) values.user = user
      response.end(`Hello ${values.user ?? 'stranger'}`)
    },
  )
}

function theirs(): RequestListener {
  const app = express()
  const options = { secret: 'a secret', resave: false, saveUninitialized: false }
  app.use(expressSession(options) as unknown as express.RequestHandler)
  app.get(['/', '/sign-in'], (request, response) => {
    const values = request.session as unknown as Login
    const [, user] = request.url.split('?')
    if (user) values.user = user
    response.end(`Hello ${values.user ?? 'stranger'}`)
  })
  return app
}

/** Returns what two visitors see: Ann signs in and loads the page, a stranger only loads the page. */
async function twoVisitors(
  listener: RequestListener,
): Promise<{ ann: string; stranger: string; gotCookie: boolean }> {
  const server = createServer(listener)
  const cache = await startCacheFor(server)
  try {
    const signedIn = await fetch(`${cache.url}/sign-in?ann`)
    await signedIn.text()
    const cookie = signedIn.headers.getSetCookie()[0]?.split(';')[0] ?? ''
    const ann = await fetch(`${cache.url}/`, { headers: { cookie } })
    const again = await fetch(`${cache.url}/sign-in?ann`)
    await again.text()
    const stranger = await fetch(`${cache.url}/`)
    return {
      ann: await ann.text(),
      stranger: await stranger.text(),
      gotCookie: again.headers.getSetCookie()[0]?.split(';')[0] === cookie,
    }
  } finally {
    await cache.stop()
    server.close()
  }
}

async function startCacheFor(server: Server): Promise<Nginx> {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return startCache(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
}

suite('a shared cache', needs('nginx'), () => {
  let old: Awaited<ReturnType<typeof twoVisitors>>
  before(async () => {
    old = await twoVisitors(theirs())
  })

  test('serves the page and the session cookie of express-session to another visitor', () => {
    assert.deepEqual(old, { ann: 'Hello ann', stranger: 'Hello ann', gotCookie: true })
  })

  const stores: Record<string, Store> = {
    cookies: new CookieStore({ keys, options: { secure: false } }),
    server: new ServerStore(memory(), { options: { secure: false } }),
  }
  for (const [kind, store] of Object.entries(stores)) {
    test(`serves neither page nor cookie of a session stored in ${kind} to another visitor`, async () => {
      const { ann, stranger, gotCookie } = await twoVisitors(ours(store))
      assert.deepEqual({ ann, stranger }, { ann: 'Hello ann', stranger: 'Hello stranger' })
      // Sealed values and ids are never equal, so an equal cookie would come from the cache.
      assert.equal(gotCookie, false)
    })
  }
})
