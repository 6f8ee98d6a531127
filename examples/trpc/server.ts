import { createServer } from 'node:http'
import { initTRPC } from '@trpc/server'
import { type CreateHTTPContextOptions, createHTTPHandler } from '@trpc/server/adapters/standalone'
import { defineSession, ServerStore, type SessionOf } from 'silverback'
import { memory } from 'silverback/memory'
import { sessions } from 'silverback/node'
import { z } from 'zod'

const store = new ServerStore(memory())
const login = defineSession<{ visits: number }>(store, 'login')

interface Context {
  session: SessionOf<typeof login>
}
const createContext = async ({ req }: CreateHTTPContextOptions): Promise<Context> => ({
  session: await login.get(req),
})

const { router, procedure } = initTRPC.context<Context>().create()
const appRouter = router({
  visit: procedure.mutation(({ ctx: { session } }) => {
    const visits = session.increment('visits')
    return { user: session.owner, visits, messages: session.flashes<string>() }
  }),
  signIn: procedure
    .input(z.object({ user: z.string(), remember: z.boolean() }))
    .mutation(({ ctx: { session }, input }) => {
      session.login(input.user) // changes the session id
      session.remember(input.remember)
      session.addFlash('Welcome back')
    }),
  signOutEverywhere: procedure.mutation(async ({ ctx: { session } }) => {
    if (session.owner) await store.revokeAll(session.owner)
    session.destroy()
  }),
})
export type AppRouter = typeof appRouter

// Saves the session before the head of the response is sent, after all procedures of a batch.
const handler = createHTTPHandler({ router: appRouter, createContext })
createServer(sessions(login, handler)).listen(process.env.PORT ?? 3000)
