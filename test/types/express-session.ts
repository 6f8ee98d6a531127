/** Tests of the types of `silverback/express-session`, with and without `@types/express-session`. */

import { RedisStore } from 'connect-redis'
import express, { type Request } from 'express'
import type { SessionData as TheirData, Session as TheirSession } from 'express-session'
import { createClient } from 'redis'
import session, {
  type RequestSession,
  type SessionOptions,
  Store,
  type StoreLike,
} from 'silverback/express-session'
import { memory } from 'silverback/memory'

declare module 'express-session' {
  interface SessionData {
    theirUser?: string
  }
}

declare module 'silverback/express-session' {
  interface SessionData {
    ourUser?: string
  }
}

const app = express()
app.use(session({ secret: 'keyboard cat', resave: false, saveUninitialized: false }))
app.use(session({ secret: ['new', Buffer.from('old')], store: memory() }))
app.use(session({ secret: 's', store: new RedisStore({ client: createClient() }) }))
app.use(session({ secret: 's', cookie: (request: Request) => ({ secure: request.secure }) }))
app.use(session({ secret: 's', cookie: request => ({ secure: request.secure ?? false }) }))
app.use(session({ secret: 's', genid: (request: Request) => request.ip ?? '' }))
app.use(session({ secret: 's', store: new session.MemoryStore() }))

// Declarations that an app merged into the types of express-session still apply.
app.get('/', (request, response) => {
  const theirs: TheirSession & Partial<TheirData> = request.session
  const user: string | undefined = request.session.theirUser
  request.session.cookie.maxAge = 60_000
  response.json([theirs.id, user])
})

declare const ours: RequestSession
export const user: string | undefined = ours.ourUser
declare const typed: RequestSession<{ cart: string[] }>
export const cart: string[] | undefined = typed.cart
// @ts-expect-error not declared
export const unknown = ours.cart

export class OwnStore extends Store implements StoreLike {
  get(_sid: string, callback: (error?: unknown) => void): void {
    callback()
  }
  set(_sid: string, _session: object, callback?: (error?: unknown) => void): void {
    callback?.()
  }
  destroy(_sid: string, callback?: (error?: unknown) => void): void {
    callback?.()
  }
}
export const options: SessionOptions = { secret: 's', store: new OwnStore() }

// Without a secret, that of cookie-parser is used.
session({})
session({ secret: undefined, key: 'sid' })
// @ts-expect-error not a secret
session({ secret: 1 })
// @ts-expect-error not a value of unset
session({ secret: 's', unset: 'perhaps' })
