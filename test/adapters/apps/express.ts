/** An app of Express 5 or 4, which differ in what becomes of rejected promises. */

import { Readable } from 'node:stream'
import express, { type Express } from 'express'
// Types of Express 4 would be another package; what is used here is the same.
// @ts-expect-error There are no types under this name.
import express4 from 'express4'
import { sessions } from 'silverback/express'
import type { StartApp } from 'silverback/testing/adapters'
import { listen, nodeVisit, pipe } from './node-http.ts'

const startWith =
  (makeApp: () => Express): StartApp =>
  ({ sources, options: { onError: _, ...options }, handle }) => {
    const app = makeApp()
    app.set('env', 'test')
    app.use(sessions(sources, options))
    app.use(async (request, response, next) => {
      if (request.path.startsWith('/missing')) return next()
      try {
        const answer = await handle(nodeVisit(request, response, request))
        if (!answer) return
        const { status = 200, headers = {}, body = '', redirect } = answer
        for (const [name, value] of Object.entries(headers)) response.set(name, value as string)
        if (redirect) return response.redirect(redirect)
        response.status(status)
        if (typeof body === 'string') response.send(body)
        else pipe(Readable.from(body, { objectMode: false }), response)
      } catch (error) {
        next(error)
      }
    })
    app.use(((_error, _request, response, _next) => {
      response.status(500).send('failed')
    }) as express.ErrorRequestHandler)
    return listen(app)
  }

export const startExpress: StartApp = startWith(express)
export const startExpress4: StartApp = startWith(express4)
