/** Requests one after another, as a browser makes them, and backends that are watched. */

import type { Backend, RequestLike, Session, Store } from 'silverback'
import { cookieHeader, nodeRequest, nodeResponse } from './http.ts'

/** One request: the session that it read under the name `sid`, and its response. */
export class Visit {
  readonly request: RequestLike
  readonly response = nodeResponse()
  readonly session: Session

  private constructor(request: RequestLike, session: Session) {
    this.request = request
    this.session = session
  }

  static async open(store: Store, cookie?: string): Promise<Visit> {
    const request = nodeRequest(cookie)
    return new Visit(request, await store.get(request, 'sid'))
  }

  /** The cookies that the response sets; empty when it sets none. */
  async save(): Promise<string> {
    await this.session.save(this.request, this.response)
    return cookieHeader(this.response)
  }
}

/** The cookies that a request sets which changes its session so; empty when it sets none. */
export async function visit(
  store: Store,
  change: (session: Session) => void,
  cookie?: string,
): Promise<string> {
  const each = await Visit.open(store, cookie)
  change(each.session)
  return each.save()
}

/** The session of a request with these cookies, as the place that keeps it has it. */
export function read(store: Store, cookie: string): Promise<Session> {
  return store.new(nodeRequest(cookie), 'sid', { fresh: true })
}

/** A change of values. */
export function put(values: object): (session: Session) => void {
  return session => void Object.assign(session.values, values)
}

/** Nothing done. */
export const look = (): void => undefined

/** A clock that a test sets. */
export class Clock {
  at = 1_800_000_000
  readonly now = (): number => this.at
}

/** A backend whose calls are counted by operation. */
export function counting<B extends Backend>(
  backend: B,
): { backend: B; calls: Record<string, number> } {
  const calls: Record<string, number> = {}
  const proxy = new Proxy(backend, {
    get(target, property) {
      const member = target[property as keyof B]
      if (typeof member !== 'function') return member
      return (...args: unknown[]) => {
        calls[String(property)] = (calls[String(property)] ?? 0) + 1
        return member.apply(target, args)
      }
    },
  })
  return { backend: proxy, calls }
}
