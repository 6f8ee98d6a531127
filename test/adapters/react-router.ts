/** Sessions in React Router's documents and data requests. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type * as ReactRouter from 'react-router'
import { CookieStore, defineSession } from 'silverback'
import { sessions } from 'silverback/react-router'
import { keys } from '../support/keys.ts'
import { type Framework, type Routes, serveRoutes } from './apps/react-router.ts'

interface Login {
  user?: string
  visits?: number
}

type Args = { context: ReactRouter.RouterContextProvider }

export function reactRouterTests(load: () => Promise<Framework>): void {
  const login = sessions(defineSession<Login>(new CookieStore({ keys }), 'login'))
  const count = ({ context }: Args): { visits: number } => ({
    visits: context.get(login).increment('visits'),
  })
  const page = { default: () => null, ErrorBoundary: () => null }

  /** Sends a request to an app whose page has this module. */
  async function send(module: object, path: string, init: RequestInit = {}): Promise<Response> {
    const routes = { root: { ...page, middleware: [login] }, any: { ...page, ...module } }
    const app = await serveRoutes(await load(), routes as unknown as Routes)
    try {
      const response = await fetch(app.origin + path, { redirect: 'manual', ...init })
      await response.text()
      return response
    } finally {
      await app.close()
    }
  }

  const failing = (args: Args): never => {
    count(args)
    throw new Error('thrown by the loader')
  }
  const redirecting = (args: Args): never => {
    count(args)
    throw new Response(null, { status: 302, headers: { location: '/elsewhere' } })
  }
  const cases: [what: string, loader: (args: Args) => unknown, document: number, data: number][] = [
    ['a page', count, 200, 200],
    ['an error boundary', failing, 500, 500],
    ['a redirect', redirecting, 302, 202],
  ]
  for (const [what, loader, document, data] of cases) {
    for (const [path, status] of [
      ['/page', document],
      ['/page.data', data],
    ] as const) {
      test(`sets one cookie for ${what} at ${path}`, async () => {
        const response = await send({ loader }, path)
        assert.equal(response.status, status)
        assert.equal(response.headers.getSetCookie().length, 1)
        assert.equal(response.headers.get('cache-control'), 'no-store')
      })
    }
  }

  test('shares one session and one cookie between an action and its loaders', async () => {
    const seen: number[] = []
    const loader = ({ context }: Args): null => {
      seen.push(context.get(login).increment('visits'))
      return null
    }
    const response = await send({ action: count, loader }, '/page', { method: 'POST' })
    assert.deepEqual(seen, [2])
    assert.equal(response.headers.getSetCookie().length, 1)
  })
}
