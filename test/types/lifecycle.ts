/** Tests of the types of definitions and of the session lifecycle. Compiled, never run. */

import type { IncomingMessage } from 'node:http'
import { type } from 'arktype'
import {
  type Capability,
  CookieStore,
  defineSession,
  lifetimes,
  type RejectEvent,
  ServerStore,
  type Session,
  type SessionDefinition,
  type SessionEvent,
} from 'silverback'
import { memory } from 'silverback/memory'
import * as v from 'valibot'
import { z } from 'zod'

type Equals<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
function expect<_Holds extends true>(): void {}

declare const request: IncomingMessage
const store = new CookieStore({ keys: ['text'], lifetime: lifetimes.aal2 })

interface Login {
  user: string | undefined
  visits: number
}

// The values have the output type of the schema, defaults included.
const byZod = defineSession(store, 'zod', {
  schema: z.object({ user: z.string().or(z.undefined()), visits: z.number().default(0) }),
  keyLifetimes: { user: 60 },
})
expect<Equals<typeof byZod, SessionDefinition<Login>>>()
expect<Equals<Awaited<ReturnType<typeof byZod.get>>, Session<Login>>>()
const byValibot = defineSession(store, 'valibot', {
  schema: v.object({ user: v.optional(v.string()), visits: v.optional(v.number(), 0) }),
})
expect<Equals<Awaited<ReturnType<typeof byValibot.get>>['values']['visits'], number>>()
const byArktype = defineSession(store, 'arktype', {
  schema: type({ 'user?': 'string', visits: 'number = 0' }),
})
expect<Equals<Awaited<ReturnType<typeof byArktype.get>>['values']['visits'], number>>()
// @ts-expect-error no such key
defineSession(store, 'a', { schema: z.object({ user: z.string() }), keyLifetimes: { pass: 60 } })
// @ts-expect-error not a schema of an object
defineSession(store, 'b', { schema: z.string() })

const byHand = defineSession<Login>(store, 'hand', { keyLifetimes: { visits: 60 }, version: 2 })
const session = await byHand.get(request, { fresh: true })
expect<Equals<typeof byHand, SessionDefinition<Partial<Login>>>>()
// Without a schema, nothing makes sure that a value is there.
expect<Equals<typeof session.values.visits, number | undefined>>()
expect<Equals<typeof session.values.user, string | undefined>>()
session.login('ann', { keep: ['visits'] })
// @ts-expect-error no such key
session.login('ann', { keep: ['cart'] })
session.increment('visits', 2)
// @ts-expect-error not a number
session.increment('user')
// @ts-expect-error no such key
session.increment('visit')
// @ts-expect-error no such key
defineSession<Login>(store, 'c', { keyLifetimes: { pass: 60 } })
// @ts-expect-error an owner is a string
session.login(5)
// Lists and values by key.
interface Shop {
  viewed?: readonly string[]
  cart: { id: number }[] | undefined
  visits: number
  anything: unknown
}
declare const shop: Session<Shop>
shop.push('viewed', 'a')
shop.push('cart', { id: 1 })
shop.push('anything', 5)
// @ts-expect-error an item has another type
shop.push('viewed', 5)
// @ts-expect-error not a list
shop.push('visits', 5)
// @ts-expect-error no such key
shop.push('other', 5)
const pulled = shop.pull('visits')
expect<Equals<typeof pulled, number | undefined>>()
// @ts-expect-error no such key
shop.pull('other')
declare const untyped: Session
untyped.push('list', 5)
const pulledUntyped = untyped.pull('list')
expect<Equals<typeof pulledUntyped, unknown>>()
// Sessions of any type are sessions of objects.
const anySession: Session<object> = shop
void anySession
session.remember(60)
// @ts-expect-error must be a boolean or seconds
session.remember('long')
session.lifetime.idle = 600
session.owner = undefined
// @ts-expect-error read-only
session.isReadOnly = false
// @ts-expect-error read-only
session.createdAt = 5
// @ts-expect-error read-only
session.isDestroyed = true

const server = new ServerStore(memory(), {
  maxPerOwner: { count: 5, onLimit: 'reject' },
  rotation: { every: 600, grace: 10 },
  onReject: event => expect<Equals<typeof event, RejectEvent>>(),
})
expect<Equals<typeof server.capabilities, ReadonlySet<Capability>>>()
// @ts-expect-error not one of the two
new ServerStore(memory(), { onStoreFailure: 'ignore' })
// @ts-expect-error unknown part of a lifetime
new CookieStore({ keys: [], lifetime: { forever: true } })

declare const event: SessionEvent
if (event.type === 'save') expect<Equals<typeof event.conflicts, number>>()
// @ts-expect-error only save events have an outcome
event.outcome
