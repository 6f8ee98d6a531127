/** An Express 5 or 4 app. They differ in the handling of rejected promises. */

import { Readable } from 'node:stream'
import express, { type Express } from 'express'
// The parts that are used here have the same types in Express 4.
// @ts-expect-error No types are installed under this name.
import express4 from 'express4'
import * as adapter from 'silverback/express'
import type { StartApp } from 'silverback/testing/adapters'
import { guardsOf, statusOf } from './guards.ts'
import { listen, nodeVisit, pipe } from './node-http.ts'

const startWith =
  (makeApp: () => Express): StartApp =>
  testApp => {
    const {
      sources,
      options: { onError: _, ...options },
      handle,
    } = testApp
    const app = makeApp()
    app.set('env', 'test')
    app.use(adapter.sessions(sources, options))
    for (const [path, guard] of guardsOf(testApp, adapter)) app.use(path, guard)
    app.use(async (request, response, next) => {
      if (request.path.startsWith('/missing')) return next()
      try {
        const result = await handle(nodeVisit(request, response, request))
        if (!result) return
        const { status = 200, headers = {}, body = '', redirect } = result
        for (const [name, value] of Object.entries(headers)) response.set(name, value as string)
        if (redirect) return response.redirect(redirect)
        response.status(status)
        if (typeof body === 'string') response.send(body)
        else pipe(Readable.from(body, { objectMode: false }), response)
      } catch (error) {
        next(error)
      }
    })
    app.use(((error, _request, response, _next) => {
      response.status(statusOf(error)).send('failed')
    }) as express.ErrorRequestHandler)
    return listen(app)
  }

export const startExpress: StartApp = startWith(express)
export const startExpress4: StartApp = startWith(express4)
