/**
 * The sessions of one request, from its beginning to the head of its response.
 *
 * @module
 */

import { SessionError } from '../errors.ts'
import { readCookies } from '../http/request.ts'
import { headersOf, type NodeResponseLike } from '../http/response.ts'
import { sideTable } from '../lib/side-table.ts'
import { signedId, signId } from '../migrate/signed-id.ts'
import type { Values } from '../session/session.ts'
import { attributesOf, Cookie, hasSameAttributes } from './cookie.ts'
import { mergeRecords } from './merge-records.ts'
import type { Settings } from './options.ts'
import {
  assignKeeper,
  type Callback,
  failedToLoad,
  type Keeper,
  Session,
  type SessionRequest,
} from './session.ts'
import type { Kept, SessionRecord } from './session-records.ts'
import type { KeptSession, Store } from './store.ts'
import { warnOfPlainConnection } from './warnings.ts'

/** Where a session stands. */
interface Progress {
  /** The values that it came with, as JSON. */
  readonly initial: string
  /** What is kept of it; undefined for one that was never saved. */
  kept: Kept | undefined
  /** Whether this request has saved it. */
  saved: boolean
  ended: boolean
  /** Whether it was made by others, who may have read it. */
  readonly isForeign: boolean
}

/** No JSON: what is compared with it has changed. */
const isMeant = ''

/** Tries to write against others who write the same session. */
const attempts = 50

/** What the middleware does for one request. Its operations happen one after another. */
export class RequestSessions implements Keeper {
  readonly #settings: Settings
  readonly #request: SessionRequest
  readonly #cookieId: string | undefined
  readonly #progress = sideTable<Progress>()
  #last: Promise<unknown> | undefined
  #regenerating: Promise<void> | undefined
  /** Of an operation that nobody waits for. */
  #failure: { readonly error: unknown } | undefined

  constructor(settings: Settings, request: SessionRequest) {
    this.#settings = settings
    this.#request = request
    this.#cookieId = signedIdOf(request, settings)
    assignKeeper(request, this)
  }

  /** Puts the session at the request. Undefined when that is done already. Rejects when a store fails. */
  open(): Promise<void> | undefined {
    const { store, legacyReaders } = this.#settings
    this.#request.sessionStore = store as Store
    this.#request.sessionID = this.#cookieId
    if (this.#cookieId !== undefined || legacyReaders.length > 0) return this.#load(this.#cookieId)
    this.#begin({})
    return undefined
  }

  /** Puts a new session at the request, which is kept whatever it holds: somebody asked for it. */
  generate(): void {
    this.#begin({}, isMeant)
  }

  /** Throws a TypeError when `genid` answers no id. */
  #begin(values: Values, initial = '{}'): void {
    const request = this.#request
    const { genid, cookieFor } = this.#settings
    const id = genid(request)
    if (typeof id !== 'string' || id === '') throw new TypeError('genid must answer a string')
    request.sessionID = id
    const session = new Session(request, values)
    session.cookie = new Cookie(cookieFor(request))
    this.#show(session, initial, undefined)
  }

  save(session: Session, callback?: Callback): void {
    // As it is now. What cannot be serialized is reported in turn, like any other failure.
    const record = attempt(() => recordOf(session))
    this.#do(() => this.#save(session, record()), callback)
  }

  reload(session: Session, callback: Callback): void {
    this.#do(async () => {
      const kept = await this.#settings.place.load(session.id)
      if (!kept) throw failedToLoad()
      this.#resume(session.id, kept)
    }, callback)
  }

  destroy(session: Session, callback?: Callback): void {
    this.#end(session)
    this.#do(() => this.#settings.place.delete(session.id), callback)
  }

  /** Two at once are one: what either puts into the new session stays. */
  regenerate(callback: Callback): void {
    this.#regenerating ??= this.#inOrder(() => this.#regenerate())
    answer(this.#regenerating, callback)
  }

  /**
   * What is to be done before the head is sent, which gets the cookie. Undefined when there is nothing
   * to wait for.
   */
  commit(response: NodeResponseLike): Promise<void> | undefined {
    headersOf(response).varyOnCookie()
    // What the handler began and does not wait for comes first.
    return this.#last ? this.#inOrder(() => this.#commit(response)) : this.#commit(response)
  }

  /** Saves what was changed after the head was sent. Rejects when it cannot be saved. */
  async commitLate(): Promise<void> {
    const { session } = this.#request
    if (!(session instanceof Session)) return
    const { kept, ended } = this.#progressOf(session)
    if (!kept || ended) return
    const mine = recordOf(session)
    if (textOf(mine) === textOf(kept.record)) return
    await this.#inOrder(() => this.#save(session, mine))
  }

  #commit(response: NodeResponseLike): Promise<void> | undefined {
    if (this.#failure) return Promise.reject(this.#failure.error)
    const { session } = this.#request
    if (session === undefined || session === null) return this.#unset()
    if (!(session instanceof Session)) {
      return Promise.reject(
        new TypeError('request.session must stay the session; set its properties'),
      )
    }
    const progress = this.#progressOf(session)
    if (progress.ended) return undefined
    session.touch()
    const mine = recordOf(session)
    const isChanged = this.#isChanged(progress, mine)
    if (isChanged) return this.#saveAndSend(session, mine, response)
    return progress.kept && this.#renew(session, mine, progress.kept, response)
  }

  async #saveAndSend(
    session: Session,
    mine: SessionRecord,
    response: NodeResponseLike,
  ): Promise<void> {
    const progress = this.#progressOf(session)
    const isSent = this.#isSent(session, mine, progress)
    if ((await this.#save(session, mine)) && isSent) this.#send(session, response)
  }

  /** For a session that is kept and did not change. */
  #renew(
    session: Session,
    mine: SessionRecord,
    kept: Kept,
    response: NodeResponseLike,
  ): Promise<void> | undefined {
    const { place } = this.#settings
    const progress = this.#progressOf(session)
    const touching = progress.saved ? undefined : place.touch(session.id, mine, kept)
    if (!this.#isSent(session, mine, progress)) return touching
    const send = async (): Promise<void> => {
      await touching
      // The id of a session that ended meanwhile would take the place of its heir's.
      const isAlive = progress.saved || (await place.load(session.id)) !== undefined
      if (isAlive) this.#send(session, response)
    }
    return send()
  }

  #unset(): Promise<void> | undefined {
    const { unset, place } = this.#settings
    const { sessionID } = this.#request
    return unset === 'destroy' && sessionID !== undefined ? place.delete(sessionID) : undefined
  }

  #isChanged({ kept, initial }: Progress, mine: SessionRecord): boolean {
    if (!kept) return this.#settings.saveUninitialized || textOf(mine) !== initial
    return (
      textOf(mine) !== textOf(kept.record) || !hasSameAttributes(mine.cookie, kept.record.cookie)
    )
  }

  #isSent({ id, cookie }: Session, mine: SessionRecord, { initial, kept }: Progress): boolean {
    if (id !== this.#cookieId || this.#settings.rolling) return true
    if (kept && !hasSameAttributes(mine.cookie, kept.record.cookie)) return true
    return Boolean(cookie.expires) && textOf(mine) !== initial
  }

  #send(session: Session, response: NodeResponseLike): void {
    const { name, secrets, isSecure } = this.#settings
    if (session.cookie.secure && !isSecure(this.#request)) {
      warnOfPlainConnection()
      return
    }
    const headers = headersOf(response)
    const attributes = attributesOf(session.cookie.data)
    headers.setCookie({ name, value: signId(session.id, secrets[0]), attributes })
    headers.forbidCaching()
  }

  async #load(id: string | undefined): Promise<void> {
    const kept = id === undefined ? undefined : await this.#settings.place.load(id)
    if (id !== undefined && kept) this.#resume(id, kept)
    else this.#begin((await this.#accepted()) ?? {})
  }

  /** A session that another library keeps, or another store. */
  async #accepted(): Promise<Values | undefined> {
    const { name, legacyReaders } = this.#settings
    for (const reader of legacyReaders) {
      const values = await reader.read(name, cookie => readCookies(this.#request, cookie)[0])
      if (values) return values
    }
    return undefined
  }

  #resume(id: string, kept: Kept): void {
    const request = this.#request
    const { values, cookie } = kept.record
    request.sessionID = id
    // A copy: a change deep inside is one from what is kept.
    const session = new Session(request, structuredClone(values))
    session.cookie = new Cookie(cookie)
    this.#show(session, textOf(kept.record), kept)
  }

  #show(session: Session, initial: string, kept: Kept | undefined): void {
    this.#progress.set(session, { initial, kept, saved: false, ended: false, isForeign: false })
    this.#request.session = session
  }

  async #regenerate(): Promise<void> {
    const { session, sessionID } = this.#request
    if (session instanceof Session) this.#end(session)
    try {
      if (sessionID !== undefined) await this.#settings.place.delete(sessionID)
    } finally {
      this.#regenerating = undefined
      this.generate()
    }
  }

  /** Answers whether the session is kept now: not when it ended meanwhile. */
  async #save(session: Session, mine: SessionRecord): Promise<boolean> {
    const progress = this.#progressOf(session)
    if (progress.isForeign) progress.kept ??= await this.#settings.place.load(session.id)
    const kept = progress.ended ? undefined : await this.#write(session.id, mine, progress.kept)
    if (!kept) {
      progress.ended = true
      return false
    }
    progress.kept = kept
    progress.saved = true
    settle(session, mine, kept.record)
    return true
  }

  async #write(id: string, mine: SessionRecord, base: Kept | undefined): Promise<Kept | undefined> {
    const { place } = this.#settings
    if (!base) {
      const created = await place.create(id, mine)
      if (!created) throw conflict('genid answered the id of a session that there is already')
      return created
    }
    let { version } = base
    let record = mine
    for (let tried = 0; tried < attempts; tried++) {
      const result = await place.update(id, record, version)
      if (result.status === 'gone') return undefined
      if (result.status === 'updated') return result.kept
      version = result.current.version
      record = mergeRecords(base.record, mine, result.current.record)
      await new Promise(resolve => setTimeout(resolve, Math.random() * Math.min(2 ** tried, 64)))
    }
    throw conflict('the session was changed by others all the time')
  }

  #end(session: Session): void {
    this.#progressOf(session).ended = true
  }

  #progressOf(session: Session): Progress {
    let progress = this.#progress.get(session)
    if (!progress) {
      progress = { initial: '{}', kept: undefined, saved: false, ended: false, isForeign: true }
      this.#progress.set(session, progress)
    }
    return progress
  }

  /** Runs a task that a method of the session asked for. */
  #do(task: () => Promise<unknown>, callback?: Callback): void {
    const done = this.#inOrder(task)
    if (callback) answer(done, callback)
    else {
      done.catch(error => {
        this.#failure ??= { error }
      })
    }
  }

  #inOrder<T>(task: () => Promise<T> | T | undefined): Promise<T> {
    const run = (this.#last ?? Promise.resolve()).then(task, task) as Promise<T>
    this.#last = run.catch(() => {})
    return run
  }
}

function conflict(message: string): SessionError {
  return new SessionError('conflict', message)
}

/** The id in the first cookie of the name that was signed. */
function signedIdOf(request: SessionRequest, { name, secrets }: Settings): string | undefined {
  return readCookies(request, name)
    .map(value => signedId(value, secrets))
    .find(id => id !== undefined)
}

/** The session as it would be kept. Throws what `JSON.stringify` throws. */
function recordOf(session: Session): SessionRecord {
  const { cookie, ...values } = JSON.parse(JSON.stringify(session)) as KeptSession
  return { values, cookie }
}

/** Runs `make` now; its outcome, or what it threw, comes when the result is called. */
function attempt<T>(make: () => T): () => T {
  try {
    const made = make()
    return () => made
  } catch (error) {
    return () => {
      throw error
    }
  }
}

function textOf({ values }: SessionRecord): string {
  return JSON.stringify(values)
}

/** Shows the session what was merged into it, but for what the handler has changed since. */
function settle(session: Session, mine: SessionRecord, merged: SessionRecord): void {
  if (merged === mine) return
  const values = session as unknown as Values
  for (const key of new Set([...Object.keys(mine.values), ...Object.keys(merged.values)])) {
    const [before, now, after] = [mine.values, values, merged.values].map(side =>
      JSON.stringify(side[key]),
    )
    if (key in Session.prototype || before === after || now !== before) continue
    if (after === undefined) delete values[key]
    else values[key] = structuredClone(merged.values[key])
  }
  if (merged.cookie !== mine.cookie) session.cookie = new Cookie(merged.cookie)
}

/** Calls back when the promise settles, outside of it: what the callback throws is the caller's. */
function answer(promise: Promise<unknown>, callback: Callback): void {
  promise.then(
    () => queueMicrotask(() => callback()),
    error => queueMicrotask(() => callback(error)),
  )
}
