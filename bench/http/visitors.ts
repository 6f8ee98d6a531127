/**
 * Visitors with the cookies that a browser would have.
 *
 * @module
 */

import type { Operation } from './app.ts'
import type { Body } from './content.ts'

export class Visitor {
  readonly name: string
  /** The `Cookie` header of the next request. */
  cookie = ''
  readonly #values = new Map<string, string>()

  constructor(name: string) {
    this.name = name
  }

  /** Stores the cookies of a response. An empty value deletes a cookie. */
  receive(setCookieLines: readonly string[]): void {
    for (const line of setCookieLines) {
      const end = line.indexOf(';')
      const pair = end < 0 ? line : line.slice(0, end)
      const [name = ''] = pair.split('=', 1)
      const value = pair.slice(name.length + 1)
      if (value === '') this.#values.delete(name)
      else this.#values.set(name, value)
    }
    this.cookie = [...this.#values].map(([name, value]) => `${name}=${value}`).join('; ')
  }

  login(origin: string): Promise<Body> {
    return this.#get(`${origin}/login/${this.name}`)
  }

  request(origin: string, operation: Operation): Promise<Body> {
    return this.#get(`${origin}/${operation}`)
  }

  async #get(url: string): Promise<Body> {
    const response = await fetch(url, {
      headers: this.cookie === '' ? {} : { cookie: this.cookie },
    })
    this.receive(response.headers.getSetCookie())
    const text = await response.text()
    if (!response.ok) throw new Error(`GET ${url} failed with ${response.status}: ${text}`)
    return JSON.parse(text) as Body
  }
}

/** Logs new visitors in. */
export async function loggedIn(origin: string, count: number): Promise<readonly Visitor[]> {
  const visitors = Array.from({ length: count }, (_, index) => new Visitor(`visitor-${index}`))
  for (const visitor of visitors) await visitor.login(origin)
  return visitors
}

/** Rejects unless sessions work: values are kept between requests, and apart for each visitor. */
export async function checkSessions(app: string, origin: string): Promise<void> {
  const [ann, bob] = [new Visitor('ann'), new Visitor('bob')]
  const bodies = [
    await ann.login(origin),
    await bob.login(origin),
    await ann.request(origin, 'change'),
    await ann.request(origin, 'change'),
    await bob.request(origin, 'change'),
    await ann.request(origin, 'read'),
    await bob.request(origin, 'read'),
  ]
  const seen = bodies.map(({ user, visits, items }) => `${user} ${visits} ${items}`).join(', ')
  const expected = 'ann 0 3, bob 0 3, ann 1 3, ann 2 3, bob 1 3, ann 2 3, bob 1 3'
  if (seen !== expected) throw new Error(`the app ${app} responded ${seen}, not ${expected}`)
}

/** Returns the visits of all visitors together. */
export async function countVisits(origin: string, visitors: readonly Visitor[]): Promise<number> {
  let sum = 0
  for (const visitor of visitors) sum += (await visitor.request(origin, 'read')).visits
  return sum
}
