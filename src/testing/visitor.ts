/**
 * A visitor of a store: a cookie jar, requests made of plain objects, and what they do.
 *
 * @module
 */

import { SessionError } from '../errors.ts'
import type { SaveOutcome } from '../session/events.ts'
import { explain } from '../session/registry.ts'
import type { Session } from '../session/session.ts'
import type { Store } from '../session/store.ts'

/** A request that consists of its headers. */
export interface PlainRequest {
  readonly headers: Readonly<Record<string, string>>
}

/** The result of a save. */
export interface SavedVisit {
  /** The `Set-Cookie` line for `sid`; undefined if there is none. */
  readonly cookie: string | undefined
  /** undefined if the store emits no events. */
  readonly outcome: SaveOutcome | undefined
}

/** A request that is being handled. */
export interface Visit {
  readonly request: PlainRequest
  readonly headers: Headers
  readonly session: Session
  /** Saves the session, and puts its cookies into the visitor's jar. */
  save(): Promise<SavedVisit>
}

/** What a request does with its session. */
export type Change = (session: Session) => unknown

/** Changes nothing. */
export const nothing: Change = () => undefined

/** Returns a change that assigns copies of these values. */
export function put(values: object): Change {
  return session => {
    for (const [key, value] of Object.entries(values)) {
      session.values[key] = typeof value === 'object' ? structuredClone(value) : value
    }
  }
}

/** One visitor. */
export class Visitor {
  readonly store: Store
  /** Cookie values by name. */
  readonly jar: Map<string, string>

  constructor(store: Store, jar: ReadonlyMap<string, string> = new Map()) {
    this.store = store
    this.jar = new Map(jar)
  }

  /** Another visitor with copies of the same cookies. */
  clone(): Visitor {
    return new Visitor(this.store, this.jar)
  }

  /** The `Cookie` header. */
  cookies(): string {
    return [...this.jar].map(([name, value]) => `${name}=${value}`).join('; ')
  }

  request(): PlainRequest {
    return { headers: this.jar.size > 0 ? { cookie: this.cookies() } : {} }
  }

  /** Reads the session in a request that saves nothing. */
  read(name = 'sid'): Promise<Session> {
    return this.store.new(this.request(), name)
  }

  /** Starts a request that changes the session `sid`. */
  async begin(change: Change): Promise<Visit> {
    const request = this.request()
    const headers = new Headers()
    const session = await this.store.get(request, 'sid')
    change(session)
    const save = async (): Promise<SavedVisit> => {
      await session.save(request, headers)
      this.receive(headers)
      const cookie = headers.getSetCookie().find(line => line.startsWith('sid='))
      const saved = explain(request).findLast(event => event.type === 'save')
      return { cookie, outcome: saved?.type === 'save' ? saved.outcome : undefined }
    }
    return { request, headers, session, save }
  }

  /** Makes a request that changes the session `sid` and saves it. */
  async visit(change: Change): Promise<SavedVisit> {
    return (await this.begin(change)).save()
  }

  /** Puts the cookies of a response into the jar. */
  receive(headers: Headers): void {
    for (const line of headers.getSetCookie()) {
      const [pair = '', ...attributes] = line.split('; ')
      const [name = '', ...value] = pair.split('=')
      if (attributes.includes('Max-Age=0')) this.jar.delete(name)
      else this.jar.set(name, value.join('='))
    }
  }
}

/** The code of the SessionError that a call rejects with; undefined if it resolves. */
export async function codeOf(call: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await call()
    return undefined
  } catch (error) {
    const [first = error] = error instanceof AggregateError ? error.errors : []
    if (first instanceof SessionError) return first.code
    throw error
  }
}
