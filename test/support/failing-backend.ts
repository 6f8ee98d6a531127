/** A visitor of an app whose backend may fail. It counts visits in a session and checks what the store promises. */

import assert from 'node:assert/strict'
import { type Backend, ServerStore, SessionError } from 'silverback'
import { type ResilientOptions, resilient } from 'silverback/resilient'
import { cookieHeader, nodeRequest, nodeResponse, setCookieLines } from './http/http.ts'

/** Timeouts that are short enough for a test, and long enough for a busy machine. */
export const testTimeouts: ResilientOptions = {
  timeoutMs: 400,
  retries: 1,
  retryDelayMs: 20,
  breaker: { failures: 8, resetMs: 200 },
}

/** Options with which a visit outlasts a lost connection or response, and fails only for another reason than the clock. */
export const patientRetries: ResilientOptions = {
  ...testTimeouts,
  timeoutMs: 5000,
  retries: 8,
  breaker: false,
}

/** The maximum duration of a visit, whatever fails: it has two operations with at most five attempts each. */
const maxVisitMs = 60_000

export class Visitor {
  readonly #store: ServerStore
  /** Reads what {@link check} compares. */
  readonly #reader: ServerStore
  #cookie = ''
  /** Visits whose save succeeded. */
  saved = 0
  /** Visits whose save failed. The backend may have applied them nevertheless. */
  failed = 0
  /** The causes of the failures. */
  readonly causes: Error[] = []

  constructor(backend: Backend, options: ResilientOptions = testTimeouts) {
    this.#store = new ServerStore(resilient(backend, options))
    this.#reader = new ServerStore(resilient(backend, patientRetries))
  }

  /**
   * Makes a request that counts a visit. Resolves to whether it was saved. Asserts that a failure is reported
   * as `store-failed` with its cause, in time, and without setting a cookie.
   *
   * @param beforeSaving - called after the session was read
   */
  async visit(beforeSaving: () => unknown = () => {}): Promise<boolean> {
    const start = Date.now()
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
      assert.ok(Date.now() - start < maxVisitMs, `${Date.now() - start} ms`)
    }
  }

  /** Visits until a visit is saved, with the same store and backend. */
  async recover(): Promise<void> {
    const deadline = Date.now() + 60_000
    while (!(await this.visit())) {
      assert.ok(
        Date.now() < deadline,
        `no recovery within a minute: ${this.causes.at(-1)?.message}`,
      )
      await new Promise(resolve => setTimeout(resolve, 50))
    }
  }

  /** Resolves to the number of visits in the session, or undefined if the session was lost. */
  async counted(): Promise<number | undefined> {
    const session = await this.#reader.get<{ visits?: number }>(nodeRequest(this.#cookie), 'sid')
    return session.values.visits
  }

  /** Asserts that every saved visit was counted, and each failed one at most once. */
  async check(): Promise<void> {
    const visits = (await this.counted()) ?? 0
    const [least, most] = [this.saved, this.saved + this.failed]
    assert.ok(least <= visits && visits <= most, `${visits} of ${least} to ${most} visits`)
  }
}
