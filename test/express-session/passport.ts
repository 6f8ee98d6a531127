/** Passport 0.7 with a local strategy, on both libraries. */

import passportModule, { type PassportStatic } from 'passport'
import { Strategy } from 'passport-local'
import {
  finish,
  type Handler,
  type Kit,
  type Middleware,
  type Request,
  type Visitor,
} from './apps.ts'
import type { Case } from './behaviour.ts'

type Person = { name: string }
type Named = Request & {
  user?: Person
  logIn(user: Person, options: object, callback: (error?: unknown) => void): void
  logOut(options: object, callback: (error?: unknown) => void): void
}

const { Passport } = passportModule as unknown as { Passport: new () => PassportStatic }

/** A shop with a cart for each visitor, and sign-in. */
async function shop({ serve }: Kit, options: object = {}): Promise<Visitor> {
  const passport = new Passport()
  passport.use(
    new Strategy((name, password, done) => {
      done(null, password === 'right' ? { name } : false, { message: 'Wrong password' })
    }),
  )
  passport.serializeUser((user, done) => done(null, (user as Person).name))
  passport.deserializeUser((name: string, done) => done(null, { name }))
  const fields: Middleware = (request, _, next) => {
    const { searchParams } = new URL(request.url as string, 'http://host')
    Object.assign(request, { body: Object.fromEntries(searchParams) })
    next()
  }

  const login: Handler = (request, response) => {
    const authenticate = passport.authenticate('local', { failureMessage: true }) as Middleware
    authenticate(request, response, finish(response))
  }
  const routes: Record<string, Handler> = {
    '/login': login,
    '/login-and-keep': (request, response) =>
      (request as Named).logIn({ name: 'ann' }, { keepSessionInfo: true }, finish(response)),
    '/logout': (request, response) => (request as Named).logOut({}, finish(response)),
    '/cart': ({ session }, response) => {
      session.cart = [...(session.cart ?? []), 'pear']
      response.end()
    },
    '/': (request, response) => {
      const { user, session } = request as Named
      const messages = session.messages ?? []
      session.messages = undefined
      response.end(JSON.stringify([user?.name ?? null, session.cart ?? [], messages]))
    },
  }
  const after = [passport.initialize(), passport.session()] as unknown as Middleware[]
  return serve(options, routes, { before: [fields], after })
}

const right = '/login?username=ann&password=right'

export const passportCases: readonly Case[] = [
  {
    name: 'Passport signs a visitor in and recognises the next request',
    async run(kit) {
      const ann = (await shop(kit))()
      const before = (await ann.get('/')).text
      const page = await ann.get(right)
      return [before, page.text, page.cookies.length, (await ann.get('/')).text]
    },
    expected: ['[null,[],[]]', 'done', 1, '["ann",[],[]]'],
  },
  {
    name: 'Passport refuses a wrong password and leaves a message for one page',
    async run(kit) {
      const ann = (await shop(kit))()
      const page = await ann.get('/login?username=ann&password=wrong')
      return [page.status, (await ann.get('/')).text, (await ann.get('/')).text]
    },
    expected: [401, '[null,[],["Wrong password"]]', '[null,[],[]]'],
  },
  {
    name: 'Passport signs out, and the old id is dead',
    async run(kit) {
      const visitor = await shop(kit)
      const [ann, thief] = [visitor(), visitor()]
      await ann.get(right)
      thief.jar.set('connect.sid', ann.jar.get('connect.sid') as string)
      const page = await ann.get('/logout')
      return [page.text, (await ann.get('/')).text, (await thief.get('/')).text]
    },
    expected: ['done', '[null,[],[]]', '[null,[],[]]'],
  },
  {
    name: 'an id planted before a sign-in is dead after it',
    async run(kit) {
      const visitor = await shop(kit)
      const [thief, ann] = [visitor(), visitor()]
      await thief.get('/cart')
      ann.jar.set('connect.sid', thief.jar.get('connect.sid') as string)
      await ann.get(right)
      const isNew = ann.jar.get('connect.sid') !== thief.jar.get('connect.sid')
      return [isNew, (await ann.get('/')).text, (await thief.get('/')).text]
    },
    expected: [true, '["ann",[],[]]', '[null,[],[]]'],
  },
  {
    name: 'Passport keeps the cart with keepSessionInfo',
    async run(kit) {
      const ann = (await shop(kit))()
      await ann.get('/cart')
      const before = ann.jar.get('connect.sid')
      await ann.get('/login-and-keep')
      return [ann.jar.get('connect.sid') !== before, (await ann.get('/')).text]
    },
    expected: [true, '["ann",["pear"],[]]'],
  },
]
