/**
 * Loads the session of a request, runs its methods, and saves it before the head of the response.
 *
 * @module
 */

import { toCallback } from '../backends/lib/express-callbacks.ts'
import { SessionError } from '../errors.ts'
import { readCookies } from '../http/request.ts'
import { headersOf, type NodeResponseLike } from '../http/response.ts'
import { retryOnConflict } from '../lib/retry.ts'
import { signId } from '../migrate/signed-id.ts'
import type { Values } from '../session/session.ts'
import { asCookie, assertExpiry, attributesOf, Cookie, hasSameAttributes } from './cookie.ts'
import { mergeRecords } from './merge-records.ts'
import type { Secrets, Settings } from './options.ts'
import { sessionIdOf } from './request.ts'
import {
  assignController,
  type Callback,
  failedToLoad,
  Session,
  type SessionController,
  type SessionRequest,
} from './session.ts'
import {
  type LoadedRecord,
  type SessionRecord,
  type VersionedRecord,
  valuesOf,
} from './session-records.ts'
import type { Store } from './store.ts'
import { warnOfLateFailure, warnOfPlainConnection } from './warnings.ts'

/** The state of a session during the request. */
interface SessionState {
  /** The values that the session started with, as JSON. */
  readonly initial: string
  /** The record in the store; undefined if the session was never saved. */
  stored: VersionedRecord | undefined
  /** Whether this request has saved the session. */
  saved: boolean
  ended: boolean
  /** Whether other code made the session object. It may have loaded it from the store. */
  readonly isForeign: boolean
}

/** An initial value that is not JSON, so that every session differs from it and counts as changed. */
const alwaysChanged = ''

/** The sessions of one request. Operations run one after another, in the order of their calls. */
export class RequestSessions implements SessionController {
  readonly #settings: Settings
  readonly #request: SessionRequest
  readonly #secrets: Secrets
  readonly #cookieId: string | undefined
  readonly #states = new Map<Session, SessionState>()
  #last: Promise<unknown> | undefined
  #regenerating: Promise<void> | undefined
  /** The first failure of an operation that was called without a callback. */
  #failure: { readonly error: unknown } | undefined
  /** Whether `commit` has reported such failures. Later ones can only be logged. */
  #isCommitted = false

  /** Throws an Error if there is no secret for the request. */
  constructor(settings: Settings, request: SessionRequest) {
    this.#settings = settings
    this.#request = request
    this.#secrets = settings.secretsFor(request)
    this.#cookieId = sessionIdOf(request, settings.name, this.#secrets)
    assignController(request, this)
  }

  /**
   * Sets `request.session`. Returns undefined if that needed no load. Rejects if a store fails; throws a
   * TypeError if `genid` returns no id.
   */
  open(): Promise<void> | undefined {
    const { store, legacyReaders } = this.#settings
    this.#request.sessionStore = store as Store
    this.#request.sessionID = this.#cookieId
    if (this.#cookieId || legacyReaders.length > 0) return this.#load(this.#cookieId)
    this.#begin({})
    return undefined
  }

  /** Sets `request.session` to a new session, which is saved even if it stays empty. */
  generate(): void {
    this.#begin({}, alwaysChanged)
  }

  /** Sets `request.session` to a new session. Throws a TypeError if `genid` returns no id. */
  #begin(values: Values, initial = '{}'): void {
    const request = this.#request
    const { genid, cookieFor } = this.#settings
    const id = genid(request)
    if (typeof id !== 'string' || id === '')
      throw new TypeError('genid must return a non-empty string')
    request.sessionID = id
    const session = new Session(request, values)
    session.cookie = new Cookie(cookieFor(request))
    this.#expose(session, initial, undefined)
  }

  save(session: Session, callback?: Callback): void {
    // Take the values now, but report a serialization error in turn, like any other failure.
    const record = capture(() => recordOf(session))
    this.#do(() => this.#save(session, record()), callback)
  }

  reload(session: Session, callback: Callback): void {
    this.#do(async () => {
      const stored = await this.#settings.records.load(session.id)
      if (!stored) throw failedToLoad()
      this.#resume(session.id, stored)
    }, callback)
  }

  destroy(session: Session, callback?: Callback): void {
    this.#end(session)
    this.#do(() => this.#settings.records.delete(session.id), callback)
  }

  /** Concurrent calls share one new session, so that the values of each caller are kept. */
  regenerate(callback: Callback): void {
    this.#regenerating ??= this.#inOrder(() => this.#regenerate())
    callBack(this.#regenerating, callback)
  }

  /**
   * Saves the session and sets its cookie. Call it before the head is sent. Returns undefined if there is
   * nothing to wait for. Rejects if the session cannot be saved, or if an earlier operation without a
   * callback failed.
   */
  commit(response: NodeResponseLike): Promise<void> | undefined {
    headersOf(response).vary('Cookie')
    // Operations that the handler started without waiting for them come first.
    return this.#last ? this.#inOrder(() => this.#commit(response)) : this.#commit(response)
  }

  /** Saves changes made after the head was sent. Rejects if they cannot be saved. */
  async commitLate(): Promise<void> {
    const { session } = this.#request
    if (!(session instanceof Session)) return
    const { stored, ended } = this.#stateOf(session)
    if (!stored || ended) return
    const mine = recordOf(session)
    if (mine.values === stored.record.values) return
    await this.#inOrder(() => this.#save(session, mine))
  }

  #commit(response: NodeResponseLike): Promise<void> | undefined {
    this.#isCommitted = true
    if (this.#failure) return Promise.reject(this.#failure.error)
    const { session, sessionID } = this.#request
    if (session === undefined || session === null) return this.#unset()
    // An app that replaces the id by something else wants no session, as in express-session.
    if (typeof sessionID !== 'string') return undefined
    if (!(session instanceof Session)) {
      return Promise.reject(
        new TypeError(
          'request.session was replaced by another object; set properties of the session instead',
        ),
      )
    }
    const state = this.#stateOf(session)
    if (state.ended) return undefined
    session.touch()
    const mine = recordOf(session)
    if (this.#isChanged(state, mine)) return this.#saveAndSend(session, mine, response)
    return state.stored && this.#renew(session, mine, state.stored, response)
  }

  async #saveAndSend(
    session: Session,
    mine: SessionRecord,
    response: NodeResponseLike,
  ): Promise<void> {
    const state = this.#stateOf(session)
    const needsCookie = this.#needsCookie(session, mine, state)
    if ((await this.#save(session, mine)) && needsCookie) this.#send(session, response)
  }

  /** Renews a stored session that has not changed. */
  #renew(
    session: Session,
    mine: SessionRecord,
    stored: VersionedRecord,
    response: NodeResponseLike,
  ): Promise<void> | undefined {
    const { records } = this.#settings
    const state = this.#stateOf(session)
    const touching = state.saved ? undefined : records.touch(session.id, mine, stored)
    if (!this.#needsCookie(session, mine, state)) return touching
    const send = async (): Promise<void> => {
      await touching
      // If the session has ended meanwhile, its cookie would replace that of its successor.
      const isAlive = state.saved || (await records.load(session.id)) !== undefined
      if (isAlive) this.#send(session, response)
    }
    return send()
  }

  #unset(): Promise<void> | undefined {
    const { unset, records } = this.#settings
    const { sessionID } = this.#request
    return unset === 'destroy' && sessionID !== undefined ? records.delete(sessionID) : undefined
  }

  #isChanged({ stored, initial }: SessionState, mine: SessionRecord): boolean {
    if (!stored) return this.#settings.saveUninitialized || mine.values !== initial
    const { values, cookie } = stored.record
    return mine.values !== values || !hasSameAttributes(mine.cookie, cookie)
  }

  #needsCookie(
    { id, cookie }: Session,
    mine: SessionRecord,
    { initial, stored }: SessionState,
  ): boolean {
    if (id !== this.#cookieId || this.#settings.rolling) return true
    if (stored && !hasSameAttributes(mine.cookie, stored.record.cookie)) return true
    return Boolean(cookie.expires) && mine.values !== initial
  }

  #send(session: Session, response: NodeResponseLike): void {
    const { name, isSecure } = this.#settings
    if (session.cookie.secure && !isSecure(this.#request)) {
      warnOfPlainConnection()
      return
    }
    const headers = headersOf(response)
    const attributes = attributesOf(session.cookie.data)
    headers.setCookie({ name, value: signId(session.id, this.#secrets[0]), attributes })
    headers.forbidCaching()
  }

  async #load(id: string | undefined): Promise<void> {
    const stored = id ? await this.#settings.records.load(id) : undefined
    if (id && stored) this.#resume(id, stored)
    else this.#begin((await this.#readLegacy()) ?? {})
  }

  /** The values of a session of another library, or of another store. */
  async #readLegacy(): Promise<Values | undefined> {
    const { name, legacyReaders } = this.#settings
    for (const reader of legacyReaders) {
      const values = await reader.read(name, cookie => readCookies(this.#request, cookie)[0])
      if (values) return values
    }
    return undefined
  }

  #resume(id: string, stored: LoadedRecord): void {
    const request = this.#request
    const { values, cookie } = stored.record
    request.sessionID = id
    const session = new Session(request, stored.values)
    session.cookie = new Cookie(cookie)
    this.#expose(session, values, stored)
  }

  #expose(session: Session, initial: string, stored: VersionedRecord | undefined): void {
    this.#states.set(session, { initial, stored, saved: false, ended: false, isForeign: false })
    this.#request.session = session
  }

  async #regenerate(): Promise<void> {
    const { session, sessionID } = this.#request
    if (session instanceof Session) this.#end(session)
    try {
      if (sessionID !== undefined) await this.#settings.records.delete(sessionID)
    } finally {
      this.#regenerating = undefined
      this.generate()
    }
  }

  /** Saves the session. Resolves with false if it has ended meanwhile. */
  async #save(session: Session, mine: SessionRecord): Promise<boolean> {
    const state = this.#stateOf(session)
    if (state.isForeign) state.stored ??= await this.#settings.records.load(session.id)
    const stored = state.ended ? undefined : await this.#write(session.id, mine, state)
    if (!stored) {
      state.ended = true
      return false
    }
    state.stored = stored
    state.saved = true
    applyMerged(session, mine, stored.record)
    return true
  }

  /**
   * Writes the values to the record, and merges them into changes that other requests have saved since.
   * Resolves with undefined if the session has ended meanwhile.
   *
   * @param state - has the record that the values come from; without one, a record is created
   */
  async #write(
    id: string,
    mine: SessionRecord,
    { stored: base, isForeign }: SessionState,
  ): Promise<VersionedRecord | undefined> {
    const { records, hasOwnIds } = this.#settings
    if (!base) {
      const isUnique = !hasOwnIds || isForeign
      const created = await records.create(id, mine, isUnique)
      if (!created) throw conflict('genid returned the id of an existing session')
      return created
    }
    return retryOnConflict<VersionedRecord, VersionedRecord | undefined>(
      { record: mine, version: base.version },
      async ({ record, version }) => {
        const outcome = await records.update(id, record, version)
        if (outcome.status === 'gone') return { result: undefined }
        if (outcome.status === 'updated') return { result: outcome.stored }
        const { current } = outcome
        const merged = mergeRecords(base.record, mine, current.record)
        return { retry: { record: merged, version: current.version } }
      },
      {
        gaveUp: attempts => conflict(`gave up after ${attempts} conflicting writes of the session`),
      },
    )
  }

  #end(session: Session): void {
    this.#stateOf(session).ended = true
  }

  #stateOf(session: Session): SessionState {
    let state = this.#states.get(session)
    if (!state) {
      state = { initial: '{}', stored: undefined, saved: false, ended: false, isForeign: true }
      this.#states.set(session, state)
    }
    return state
  }

  /** Runs a method of the session in turn. Without a callback, `commit` reports its failure. */
  #do(task: () => Promise<unknown>, callback?: Callback): void {
    const done = this.#inOrder(task)
    if (callback) callBack(done, callback)
    else {
      done.catch(error => {
        if (this.#isCommitted) warnOfLateFailure(error)
        else this.#failure ??= { error }
      })
    }
  }

  #inOrder<T>(task: () => Promise<T> | T | undefined): Promise<T> {
    const inTurn = (this.#last ?? Promise.resolve()).then(task, task) as Promise<T>
    const run = inTurn.catch(error => {
      throw failureOf(error)
    })
    this.#last = run.catch(() => {})
    return run
  }
}

function conflict(message: string): SessionError {
  return new SessionError('conflict', message)
}

/**
 * The error to pass to `next` or to a callback. Some values that code can throw mean something else there: no
 * error at all, or the next route.
 */
export function failureOf(error: unknown): unknown {
  if (error && error !== 'route' && error !== 'router') return error
  return new Error(`the session failed with the value ${String(error)}`, { cause: error })
}

/**
 * The record of the session's current values. Throws if they cannot be serialized, and if the cookie is no
 * object or has no valid expiry.
 */
function recordOf(session: Session): SessionRecord {
  session.cookie = asCookie(session.cookie)
  assertExpiry(session.cookie)
  const { cookie, ...others } = session
  const values = JSON.stringify(others)
  if (!values?.startsWith('{')) throw new TypeError('session.toJSON must return an object')
  const { data } = cookie
  // A copy: the app can change the date later.
  if (data.expires) data.expires = new Date(data.expires)
  return { values, cookie: data }
}

/** Runs `make` now. The returned function returns its result, or throws its error. */
function capture<T>(make: () => T): () => T {
  try {
    const made = make()
    return () => made
  } catch (error) {
    return () => {
      throw error
    }
  }
}

/** Copies merged values into the session, except for keys that the handler has changed since the save. */
function applyMerged(session: Session, mine: SessionRecord, merged: SessionRecord): void {
  if (merged === mine) return
  const values = session as unknown as Values
  const [mineValues, mergedValues] = [valuesOf(mine), valuesOf(merged)]
  for (const key of new Set([...Object.keys(mineValues), ...Object.keys(mergedValues)])) {
    const [before, now, after] = [mineValues, values, mergedValues].map(side =>
      JSON.stringify(side[key]),
    )
    if (key in Session.prototype || before === after || now !== before) continue
    if (after === undefined) delete values[key]
    else values[key] = mergedValues[key]
  }
  if (merged.cookie !== mine.cookie) session.cookie = new Cookie(merged.cookie)
}

/** Calls `callback` with the error of the promise, or without an error. */
function callBack(promise: Promise<unknown>, callback: Callback): void {
  toCallback(promise, error => callback(error ?? undefined))
}
