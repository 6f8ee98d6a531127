/**
 * The last requests of each visitor, and what happened to their sessions.
 *
 * @module
 */

import type { SessionEvent } from 'silverback'
import { Listeners } from './lib/listeners.ts'
import { PerVisitor } from './lib/per-visitor.ts'

/** One request that has been responded to. */
export interface RecentRequest {
  readonly at: Date
  readonly method: string
  readonly path: string
  readonly status: number
  /** From `explain(request)`. */
  readonly events: readonly SessionEvent[]
}

const maxRequests = 10

/** Remembers the last ten requests of each visitor, newest first. */
export class RecentRequests {
  readonly #requests = new PerVisitor<readonly RecentRequest[]>()
  readonly #listeners = new Listeners()

  of(visitorId: string): readonly RecentRequest[] {
    return this.#requests.get(visitorId) ?? []
  }

  add(visitorId: string, request: RecentRequest): void {
    this.#requests.set(visitorId, [request, ...this.of(visitorId)].slice(0, maxRequests))
    this.#listeners.notify(visitorId)
  }

  /** Calls the listener after each request of the visitor. Returns a function that ends that. */
  watch(visitorId: string, listener: () => void): () => void {
    return this.#listeners.add(visitorId, listener)
  }
}
