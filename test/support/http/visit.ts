/** Helpers that make requests one after another as a browser does, a clock, and a backend that counts calls. */

import type { Backend, RequestLike, Session, Store } from 'silverback'
import { cookieHeader, nodeRequest, nodeResponse } from './http.ts'

/** One request: its session named `sid`, and its response. */
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

  /** Saves the session. Resolves to the resulting `Cookie` header; empty if no cookie was set. */
  async save(): Promise<string> {
    await this.session.save(this.request, this.response)
    return cookieHeader(this.response)
  }
}

/**
 * Makes a request that changes its session and saves it. Resolves to the resulting `Cookie` header; empty if no
 * cookie was set.
 */
export async function visit(
  store: Store,
  change: (session: Session) => void,
  cookie?: string,
): Promise<string> {
  const request = await Visit.open(store, cookie)
  change(request.session)
  return request.save()
}

/** Reads the session of these cookies from the backend, bypassing the read cache. */
export function read(store: Store, cookie: string): Promise<Session> {
  return store.new(nodeRequest(cookie), 'sid', { fresh: true })
}

/** Returns a change that assigns these values. */
export function put(values: object): (session: Session) => void {
  return session => void Object.assign(session.values, values)
}

/** A change that does nothing. */
export const look = (): void => undefined

/** A clock that a test sets, in seconds. */
export class Clock {
  at = 1_800_000_000
  readonly now = (): number => this.at
}

/** Wraps a backend so that its calls are counted by operation. */
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
