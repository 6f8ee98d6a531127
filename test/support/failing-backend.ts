/** A visitor of a store that may fail: counts visits in a session, and holds the store to its promises. */

import assert from 'node:assert/strict'
import { type Backend, ServerStore, SessionError } from 'silverback'
import { type ResilientOptions, resilient } from 'silverback/resilient'
import { cookieHeader, nodeRequest, nodeResponse, setCookieLines } from './http/http.ts'

/** Short enough for a test, and long enough for a machine that has other things to do. */
export const patience: ResilientOptions = {
  timeoutMs: 400,
  retries: 1,
  retryDelayMs: 20,
  breaker: { failures: 8, resetMs: 200 },
}

/** More than a visit may take, whatever fails: each of its two operations has at most five tries. */
const mostMilliseconds = 12_000

/** One visitor. */
export class Visitor {
  readonly #store: ServerStore
  #cookie = ''
  /** Visits that were saved, and those that were not or may not have been. */
  saved = 0
  failed = 0
  /** Why visits failed. */
  readonly causes: Error[] = []

  constructor(backend: Backend, options: ResilientOptions = patience) {
    this.#store = new ServerStore(resilient(backend, options))
  }

  /**
   * Answers whether it was saved. When not: the error says that the store failed and why, no cookie was
   * set, and it did not take long.
   *
   * @param beforeSaving - something that happens when the session has been read
   */
  async visit(beforeSaving: () => unknown = () => {}): Promise<boolean> {
    const begun = Date.now()
    const [request, response] = [nodeRequest(this.#cookie), nodeResponse()]
    try {
      const session = await this.#store.get<{ visits?: number }>(request, 'sid')
      session.increment('visits')
      await beforeSaving()
      await session.save(request, response)
      this.#cookie = cookieHeader(response)
      this.saved++
      return true
    } catch (error) {
      assert.ok(error instanceof SessionError, String(error))
      assert.equal(error.code, 'store-failed')
      assert.ok(error.cause instanceof Error)
      assert.deepEqual(setCookieLines(response), [])
      this.failed++
      this.causes.push(error.cause)
      return false
    } finally {
      assert.ok(Date.now() - begun < mostMilliseconds, `${Date.now() - begun} ms`)
    }
  }

  /** Visits until it is saved, without anything being started anew. */
  async recover(): Promise<void> {
    const deadline = Date.now() + 15_000
    while (!(await this.visit())) {
      assert.ok(Date.now() < deadline, `no recovery: ${this.causes.at(-1)?.message}`)
      await new Promise(resolve => setTimeout(resolve, 50))
    }
  }

  /** How many visits the session has counted; undefined when it was forgotten. */
  async counted(): Promise<number | undefined> {
    const session = await this.#store.get<{ visits?: number }>(nodeRequest(this.#cookie), 'sid')
    return session.values.visits
  }

  /** Every saved visit was counted, and of the failed ones at most all. */
  async check(): Promise<void> {
    const visits = (await this.counted()) ?? 0
    const [least, most] = [this.saved, this.saved + this.failed]
    assert.ok(least <= visits && visits <= most, `${visits} of ${least} to ${most} visits`)
  }
}
