/** Tests of the keys that methods of a session take. Compiled, never run. */

import type { IncomingMessage } from 'node:http'
import { CookieStore, defineSession, type Session, type Values } from 'silverback'

type Equals<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
function expect<_Holds extends true>(): void {}

declare const request: IncomingMessage
const store = new CookieStore({ keys: ['text'] })

// Sessions without a type take any key.
const untyped = await defineSession(store, 'untyped').get(request)
expect<Equals<typeof untyped, Session<Values>>>()
untyped.increment('visits')
untyped.login('ann', { keep: ['cart'] })
defineSession(store, 'd', { keyLifetimes: { code: 60 } })

// Merging: the keys that both sessions have, each with its types.
interface Guest {
  visits: number
  cart: string[]
}
interface Shop {
  visits: number
  cart: string[]
  user: string
}
const guest = await defineSession<Guest>(store, 'guest').get(request)
const shop = await defineSession<Shop>(store, 'shop').get(request)
shop.mergeFrom(guest, {
  keys: ['cart', 'visits'],
  combine: {
    cart(mine, theirs) {
      expect<Equals<typeof mine, string[]>>()
      expect<Equals<typeof theirs, string[]>>()
      return [...mine, ...theirs]
    },
    visits: (mine, theirs) => mine + theirs,
  },
})
// @ts-expect-error only one of them has this key
shop.mergeFrom(guest, { keys: ['user'] })
// @ts-expect-error only one of them has this key
shop.mergeFrom(guest, { combine: { user: mine => mine } })
// @ts-expect-error must return what the session has under this key
shop.mergeFrom(guest, { combine: { visits: () => 'many' } })
untyped.mergeFrom(guest, { keys: ['cart'], combine: { cart: (_, theirs) => theirs } })
// @ts-expect-error the guest has no such key
untyped.mergeFrom(guest, { keys: ['user'] })
shop.mergeFrom(untyped, { combine: { visits: (mine, theirs) => mine + Number(theirs) } })
untyped.mergeFrom(untyped, { keys: ['a'], combine: { a: mine => mine, b: (_, theirs) => theirs } })
