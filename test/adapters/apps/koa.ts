/** A Koa app. */

import { Readable } from 'node:stream'
import Koa from 'koa'
import { sessions } from 'silverback/koa'
import type { StartApp } from 'silverback/testing/adapters'
import { listen, nodeVisit } from './node-http.ts'

export const startKoa: StartApp = ({ sources, options, handle }) => {
  const { onError: _, ...rest } = options
  const app = new Koa()
  app.on('error', () => {})
  app.use(sessions(sources, rest))
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
