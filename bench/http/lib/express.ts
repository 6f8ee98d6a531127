/** The routes for Express. */

import { createServer, type Server } from 'node:http'
import express, { type Request, type RequestHandler } from 'express'
import { bodyOf, type Content, newContent } from '../content.ts'

/** How an app reaches the session of a request. */
export interface Access {
  /** Returns the object whose `visits` the routes read and change. */
  content(request: Request): Content
  start(request: Request, content: Content): void
}

export function expressServer(access: Access, ...middleware: RequestHandler[]): Server {
  const app = express()
  for (const each of middleware) app.use(each)
  app.get('/login/:user', (request, response) => {
    access.start(request, newContent(request.params.user))
    response.json(bodyOf(access.content(request)))
  })
  app.get('/read', (request, response) => {
    response.json(bodyOf(access.content(request)))
  })
  app.get('/change', (request, response) => {
    const content = access.content(request)
    content.visits += 1
    response.json(bodyOf(content))
  })
  return createServer(app)
}

/** The session is an object at `request.session` that has the values as properties. */
export const sessionProperty: Access = {
  content: request => sessionOf<Content>(request),
  start: (request, content) => Object.assign(sessionOf(request), content),
}

/** The session is ours: `request.session` has the values in `values`. */
export const sessionValues: Access = {
  content: request => sessionOf<{ values: Content }>(request).values,
  start: (request, content) =>
    Object.assign(sessionOf<{ values: Content }>(request).values, content),
}

function sessionOf<Session extends object>(request: Request): Session {
  return (request as unknown as { session: Session }).session
}
