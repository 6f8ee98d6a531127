/**
 * What every app keeps in its session, and what it responds.
 *
 * @module
 */

/** The values of a visitor's session. */
export interface Content {
  user: string
  visits: number
  cart: readonly { readonly sku: string; readonly price: number; readonly quantity: number }[]
}

/** The body of every response. */
export interface Body {
  readonly user: string
  readonly visits: number
  readonly items: number
}

export const cookieName = 'sid'
export const maxAge = 14 * 86_400

/** The attributes of every cookie. The requests are plain HTTP, so `secure` is false everywhere. */
export const cookieAttributes = {
  path: '/',
  httpOnly: true,
  sameSite: 'lax',
  secure: false,
} as const

export function newContent(user: string): Content {
  return {
    user,
    visits: 0,
    cart: [
      { sku: 'tea-0417', price: 6.5, quantity: 2 },
      { sku: 'cup-1120', price: 12, quantity: 1 },
      { sku: 'pot-0033', price: 48.25, quantity: 1 },
    ],
  }
}

export function bodyOf({ user, visits, cart }: Content): Body {
  return { user, visits, items: cart.length }
}
