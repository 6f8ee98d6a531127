/** A Koa app. */

import { Readable } from 'node:stream'
import Koa from 'koa'
import * as adapter from 'silverback/koa'
import type { StartApp } from 'silverback/testing/adapters'
import { guardsOf } from './guards.ts'
import { listen, nodeVisit } from './node-http.ts'

export const startKoa: StartApp = testApp => {
  const { sources, options, handle } = testApp
  const { onError: _, ...rest } = options
  const app = new Koa()
  app.on('error', () => {})
  app.use(adapter.sessions(sources, rest))
  for (const [path, guard] of guardsOf(testApp, adapter)) {
    app.use((ctx, next) => (ctx.path === path ? guard(ctx, next) : next()))
  }
  app.use(async (ctx, next) => {
    if (ctx.path.startsWith('/missing')) return next()
    const visit = nodeVisit(ctx.req, ctx.res, ctx as object)
    const result = await handle({ ...visit, request: ctx })
    if (!result) {
      ctx.respond = false
      return
    }
    const { status = 200, headers = {}, body = '', redirect } = result
    if (redirect) ctx.redirect(redirect)
    else {
      ctx.body = typeof body === 'string' ? body : Readable.from(body, { objectMode: false })
      ctx.status = status
    }
    for (const [name, value] of Object.entries(headers)) ctx.set(name, value as string)
  })
  return listen(app.callback())
}
