/**
 * A store over a {@link Persistence}: everything that stores have in common.
 *
 * @module
 */

import { newId } from '../backends/ids.ts'
import { json } from '../codec/serializers/json.ts'
import { SessionError } from '../errors.ts'
import type { Cookie } from '../http/cookie.ts'
import { assertOptions, isDeletion, type Options, sameOptions } from '../http/cookie-options.ts'
import { type RequestLike, type RequestWithHeaders, signalOf } from '../http/request.ts'
import { headersOf, type ResponseHeaders, type ResponseLike } from '../http/response.ts'
import { assertFunction, assertInteger, assertKnownOptions } from '../lib/assert-options.ts'
import { describeKind } from '../lib/describe.ts'
import { chain, isPromise, type MaybePromise } from '../lib/maybe-promise.ts'
import { isPlainObject } from '../lib/plain-object.ts'
import { givesHints, warnOnce } from '../lib/warnings.ts'
import type { DefinableStore, SessionPolicy } from '../session/definition.ts'
import type { EventSource, Observer, SaveOutcome, SessionEvent } from '../session/events.ts'
import { survivable } from '../session/late-save.ts'
import { assertNoView } from '../session/read-only.ts'
import { assertSessionName, registry } from '../session/registry.ts'
import { warnOfStrayProperty } from '../session/request-checks.ts'
import { type ExclusiveOptions, Session } from '../session/session.ts'
import { type Defaults, emptySnapshot, noCookies, type Snapshot } from '../session/snapshot.ts'
import { type Origin, State, type Values } from '../session/state.ts'
import type { Capability, ReadOptions } from '../session/store.ts'
import { Definitions } from './definitions.ts'
import { draftOf, type NewDraft, showMerged, showValues, withVersion } from './draft.ts'
import { type Alive, eraseAll, hasEnded, readFirstAlive } from './duplicate-cookies.ts'
import { readLegacySession } from './legacy-session.ts'
import {
  assertPersistence,
  type Draft,
  type Loaded,
  type LockOptions,
  type Persistence,
  type ReadContext,
  type Rejected,
  type Written,
} from './persistence.ts'
import { adoptMetadata, becomeReloaded, endSession, rebase, replaced } from './reloaded.ts'
import { defaultsFor } from './request-options.ts'
import { snapshotOf } from './restored.ts'
import { planSave, type SaveFacts, type SavePlan } from './save-plan.ts'
import { isChanged, serialized } from './serialized.ts'
import { SessionCookies } from './session-cookies.ts'
import { SessionHeaders } from './session-headers.ts'
import type { SessionTransport } from './session-transport.ts'
import { longestLife, type SessionStoreOptions, Settings } from './settings.ts'
import {
  assertStorable,
  isStoreFailure,
  notExclusive,
  storeFailure,
  unreadable,
} from './store-failures.ts'

/** One read of a session. */
class Reading implements ReadContext, Origin {
  readonly request: RequestLike
  readonly name: string
  text: string | undefined
  readonly fresh: boolean
  readonly defaults: Defaults
  /** When it began, by `performance.now()`. */
  readonly since: number = performance.now()
  readonly #signal: AbortSignal | undefined

  constructor(
    request: RequestLike,
    name: string,
    text: string | undefined,
    defaults: Defaults,
    options: ReadOptions = {},
  ) {
    this.request = request
    this.name = name
    this.text = text
    this.defaults = defaults
    this.fresh = options.fresh ?? false
    this.#signal = options.signal
  }

  /** Asked for when there is something to abort: some runtimes create the signal of a request only then. */
  get signal(): AbortSignal | undefined {
    return this.#signal ?? signalOf(this.request)
  }
}

/** One save of a session. */
interface Saving {
  readonly request: RequestLike
  readonly headers: ResponseHeaders
  readonly session: Session<object>
  readonly since: number
}

/** What a save has done, and the cookies that belong to it. */
interface Saved {
  readonly outcome: SaveOutcome
  readonly cookies: readonly Cookie[]
  readonly conflicts: number
}

const unchanged: Saved = { outcome: 'unchanged', cookies: noCookies, conflicts: 0 }
const dropped: Saved = { outcome: 'dropped', cookies: noCookies, conflicts: 0 }
const noCookie: Rejected = { reason: 'no-cookie' }

/** A snapshot that is being made. */
type NewSnapshot = { -readonly [Field in keyof Snapshot]: Snapshot[Field] }

/** Keeps sessions in the storage that its {@link Persistence} reads and writes. */
export class SessionStore implements DefinableStore {
  /**
   * What events call the store. Minifiers rename classes, but not this.
   *
   * @internal
   */
  static readonly name: string = 'SessionStore'

  /** Cookie attributes that new sessions get a copy of. */
  options: Options
  /** Whether sessions that did not change are written, even new and empty ones. */
  saveUnchanged: boolean
  readonly #persistence: Persistence
  readonly #settings: Settings
  readonly #transport: SessionTransport
  readonly #kind: string
  readonly #definitions: Definitions
  /** The defaults whose cookie attributes were validated last. */
  #validated: Defaults | undefined

  /** Throws TypeError or RangeError for wrong options, naming them. */
  constructor(persistence: Persistence, settings: Settings | SessionStoreOptions = {}) {
    assertPersistence(persistence)
    const keepsLifetimes = persistence.capabilities.has('lifetimes')
    const all =
      settings instanceof Settings
        ? settings
        : new Settings('SessionStore', settings, undefined, keepsLifetimes)
    this.#persistence = persistence
    this.#settings = all
    this.#kind = new.target.name
    this.options = all.options
    this.saveUnchanged = all.saveUnchanged
    this.#transport =
      all.header === undefined
        ? new SessionCookies(all, keepsLifetimes)
        : new SessionHeaders(all.header)
    this.#definitions = new Definitions(all)
  }

  /** What this store can do besides reading and saving. */
  get capabilities(): ReadonlySet<Capability> {
    return this.#persistence.capabilities
  }

  /** See {@link Store.header}. */
  get header(): string | undefined {
    return this.#settings.header
  }

  get<T extends object = Values>(
    request: RequestLike,
    name: string,
    options?: ReadOptions,
  ): Promise<Session<Partial<T>>> {
    return registry(request).get<T>(this, name, options)
  }

  async new<T extends object = Values>(
    request: RequestLike,
    name: string,
    options?: ReadOptions,
  ): Promise<Session<Partial<T>>> {
    return this.load<T>(request, name, options)
  }

  /** Like `new`, but returns the result itself if there is nothing to wait for. Throws or rejects. */
  load<T extends object = Values>(
    request: RequestLike,
    name: string,
    options?: ReadOptions,
  ): MaybePromise<Session<Partial<T>>> {
    options?.signal?.throwIfAborted()
    const waiting = this.#settings.keyring?.ready()
    const read = waiting
      ? waiting.then(() => this.#read(request, name, options))
      : this.#read(request, name, options)
    const session = options?.readOnly ? chain(read, loaded => loaded.asReadOnly()) : read
    return session as MaybePromise<Session<Partial<T>>>
  }

  /**
   * Calls `observer` with each event of this store from now on, with the request and the session that caused it.
   * Returns a function that stops this. Throws a TypeError for anything but a function.
   */
  observe(observer: Observer): () => void {
    assertFunction('observer', observer)
    return this.#settings.observers.add(observer)
  }

  /** The session of a WebSocket upgrade, given only its headers. Works like `new`. */
  fromHeaders<T extends object = Values>(
    headers: RequestWithHeaders['headers'],
    name: string,
    options?: ReadOptions,
  ): Promise<Session<Partial<T>>> {
    return this.new<T>({ headers }, name, options)
  }

  /** See {@link DefinableStore}. */
  define(name: string, policy: SessionPolicy): void {
    this.#definitions.define(name, policy, this.options, this.#persistence)
  }

  save(request: RequestLike, response: ResponseLike, session: Session<object>): Promise<void> {
    return survivable(() => this.commit(request, response, session))
  }

  /** Like `save`, but returns the result itself if there is nothing to wait for. Throws or rejects. */
  commit(
    request: RequestLike,
    response: ResponseLike,
    session: Session<object>,
  ): MaybePromise<void> {
    const since = performance.now()
    if (!Session.isOfThisCopy(session)) assertNoView(session)
    const state = Session.stateOf(session)
    state.lastSave = 'failed'
    const headers = headersOf(response)
    this.#transport.vary(headers)
    // A save that was not awaited: this one sets its cookie again, where it was too late.
    if (state.saving) return state.saving.then(() => this.commit(request, response, session))
    if (givesHints()) warnOfStrayProperty(session)
    const saving = { request, headers, session, since }
    try {
      const saved = this.#save(session, request)
      if (!isPromise(saved)) return this.#respond(saving, saved)
      const isOver = (): void => {
        state.saving = undefined
      }
      state.saving = saved.then(isOver, isOver)
      return saved.then(
        later => this.#respond(saving, later),
        error => this.#failed('save', error, request),
      )
    } catch (error) {
      return this.#failed('save', error, request)
    }
  }

  /** See {@link SessionSaver.unsavedSince}. */
  unsavedSince(session: Session<object>): 'read' | 'save' | undefined {
    const state = Session.stateOf(session)
    const { lastSave } = state
    const { progress } = state.snapshot
    // The caller has got an error, or the session has ended elsewhere.
    if (lastSave === 'failed' || lastSave === 'dropped') return undefined
    // Made by hand, ended, or being saved by a call that nobody waits for.
    if (progress === 'unknown' || progress === 'ended' || state.saving) return undefined
    const draft = draftOf(session.name, state, this.#persistence.serializer)
    // Some codecs do not return what they have read, so that a save cannot compare it either.
    const isComparable = state.reason !== undefined || state.snapshot.payload !== undefined
    const plan = planSave({
      ...factsOf(state, draft, false, isComparable),
      renewal: undefined,
    })
    if (plan !== 'write' && plan !== 'rotate' && plan !== 'end') return undefined
    return lastSave === 'done' ? 'save' : 'read'
  }

  /**
   * Sets how long sessions live, in seconds: the cookies' Max-Age, and the age that codecs accept. 0 or less
   * ends every session of this store.
   */
  maxAge(seconds: number): void {
    this.setMaxAge(seconds, seconds > 0 ? seconds : -1)
  }

  /** @internal {@link maxAge}, where the cookies' Max-Age and the codecs' limit differ. */
  protected setMaxAge(maxAge: number | 'session', codecMaxAge: number): void {
    assertOptions({ maxAge })
    this.options.maxAge = maxAge
    const absolute = longestLife(codecMaxAge)
    if (codecMaxAge > 0) this.#definitions.setIdleTime(codecMaxAge, this.options)
    for (const codec of this.#persistence.codecs ?? []) {
      codec.maxAge = codecMaxAge
      if (codec.maxLifetime !== undefined) codec.maxLifetime = absolute
    }
  }

  /** See {@link Session.takeFlashes}. */
  async takeFlashes(session: Session<object>, key: string): Promise<unknown[]> {
    const { takeFlashes } = this.#persistence
    if (!takeFlashes) return []
    const state = Session.stateOf(session)
    const base = state.snapshot
    const draft = draftOf(session.name, state, this.#persistence.serializer)
    const taken = await takeFlashes.call(this.#persistence, key, draft, base)
    if (!taken) return []
    const { messages, values, payload, metadata, kept } = taken
    showValues(state, draft, values)
    adoptMetadata(state, metadata)
    state.snapshot = { ...base, original: undefined, payload, metadata, kept }
    return messages
  }

  /** See {@link Session.exclusive}. */
  async exclusive<Result>(
    session: Session<object>,
    task: () => Promise<Result> | Result,
    { wait = 10, hold = 30, ...unknown }: ExclusiveOptions,
  ): Promise<Result> {
    if (typeof task !== 'function') {
      throw new TypeError(`exclusive() takes a function, not ${describeKind(task)}`)
    }
    assertKnownOptions('exclusive()', { wait, hold, ...unknown }, ['wait', 'hold'])
    assertInteger('wait', wait, 0)
    assertInteger('hold', hold)
    if (!this.capabilities.has('exclusive')) throw notExclusive()
    const state = Session.stateOf(session)
    await state.saving
    // No other request knows a session that was never stored.
    if (state.snapshot.kept === undefined) return task()
    if (state.isReadOnly) throw replaced(session.name)
    const token = newId()
    await this.#lock(session, state, { token, wait, hold })
    let result: Result
    try {
      result = await task()
    } catch (error) {
      // If that fails, the lock ends by itself.
      await this.#unlock(session, state, token).catch(() => undefined)
      throw error
    }
    await this.#unlock(session, state, token, 'write')
    return result
  }

  /** See {@link Session.reload}. */
  async reload(session: Session<object>): Promise<void> {
    const state = Session.stateOf(session)
    const { origin } = state
    if (!origin) throw new TypeError('only a session that was read by a store can be reloaded')
    await state.saving
    const { request, text } = origin
    const { name } = session
    const reading = new Reading(request, name, text, this.#defaultsOf(name, request), {
      fresh: true,
    })
    try {
      await this.#settings.keyring?.ready()
      const outcome = await this.#readAgain(state.snapshot, reading)
      const fresh = Session.stateOf(await this.#adopt(reading, outcome))
      if (fresh.reason === 'store-failed') throw unreadable(name)
      becomeReloaded(name, state, fresh)
    } catch (error) {
      this.#failed('read', storeFailure('read', error), request)
    }
  }

  async #lock(session: Session<object>, state: State<object>, lock: LockOptions): Promise<void> {
    const { name } = session
    const draft = draftOf(name, state, this.#persistence.serializer)
    const locked = await this.#persistence.lock?.(draft, state.snapshot, lock)
    if (!locked) {
      throw new SessionError('locked', `session "${name}" is locked by another request`)
    }
    if ('reason' in locked) endSession(name, state, locked.reason)
    const fresh = snapshotOf(locked.loaded, draft.defaults)
    if (!fresh) return endSession(name, state, 'expired')
    rebase(state, draft, locked, fresh)
  }

  /** Unlocks the session, and writes its changes with that. A new id has to wait for a response with its cookie. */
  async #unlock(
    session: Session<object>,
    state: State<object>,
    token: string,
    changes?: 'write',
  ): Promise<void> {
    await state.saving
    const canWrite = changes && !state.isDestroyed && !state.rotation
    const policy = this.#definitions.policyOf(session.name)
    if (canWrite) policy?.beforeSave?.(session, this.#settings.now())
    const draft = draftOf(session.name, state, this.#persistence.serializer)
    const plan = canWrite && planSave({ ...factsOf(state, draft, false), renewal: undefined })
    if (plan !== 'write') {
      await this.#persistence.unlock?.(draft, state.snapshot, token)
      return
    }
    draft.metadata = { ...draft.metadata, lock: undefined }
    await this.#write(plan, session, state, draft, state.origin?.request as RequestLike)
  }

  /** @internal Emits an event of this store. */
  protected emit(event: EventOf<SessionEvent>, request?: RequestLike): void {
    this.#emit({ ...event, store: this.#kind } as SessionEvent, { request })
  }

  #emit(event: SessionEvent, source: EventSource): void {
    if (source.request) registry(source.request).note(event)
    this.#settings.emit(event, source)
  }

  #read(
    request: RequestLike,
    name: string,
    options: ReadOptions | undefined,
  ): MaybePromise<Session<object>> {
    const texts = this.#transport.read(request, name)
    const [text] = texts
    const reading = new Reading(request, name, text, this.#defaultsOf(name, request), options)
    if (text === undefined) return this.#adopt(reading, noCookie)
    try {
      const outcome = readFirstAlive(this.#persistence, name, texts, reading)
      if (!isPromise(outcome)) return this.#adopt(reading, outcome)
      return outcome.then(
        later => this.#adopt(reading, later),
        error => this.#unreadable(reading, storeFailure('read', error)),
      )
    } catch (error) {
      return this.#unreadable(reading, storeFailure('read', error))
    }
  }

  #defaultsOf(name: string, request: RequestLike): Defaults {
    const defaults = this.#definitions.defaultsOf(name, this.options)
    const { optionsFor } = this.#settings
    return optionsFor ? defaultsFor(request, defaults, optionsFor) : defaults
  }

  #readAgain(base: Snapshot, reading: Reading): MaybePromise<Loaded | Rejected> {
    const { name, text } = reading
    if (this.#persistence.reload && base.kept !== undefined) {
      return this.#persistence.reload(base, reading)
    }
    return text === undefined ? noCookie : this.#persistence.read(name, text, reading)
  }

  /** An empty session if the backend failed and that is allowed. Throws the error otherwise. */
  #unreadable(reading: Reading, error: unknown): MaybePromise<Session<object>> {
    // The caller did not wait any longer: that is no failure of the store.
    if (isStoreFailure(error)) reading.signal?.throwIfAborted()
    if (this.#settings.onStoreFailure === 'throw' || !isStoreFailure(error)) {
      return this.#failed('read', error, reading.request)
    }
    this.#emitFailure('read', error, reading.request)
    return this.#check(reading, this.#newSession(reading, { reason: 'store-failed' }))
  }

  /** The session that was read or, if there is none, that of another library. */
  #adopt(reading: Reading, outcome: Alive | Rejected): MaybePromise<Session<object>> {
    const session =
      'reason' in outcome ? this.#newSession(reading, outcome) : this.#restore(reading, outcome)
    const { legacyReaders } = this.#settings
    const { reason } = session
    if (legacyReaders.length === 0 || reason === undefined || hasEnded(reason)) {
      return this.#check(reading, session)
    }
    return this.#readLegacy(reading).then(
      legacy => this.#check(reading, legacy ?? session),
      error => this.#unreadable(reading, error),
    )
  }

  async #readLegacy(reading: Reading): Promise<Session<object> | undefined> {
    const { request, name } = reading
    const values = await readLegacySession(this.#settings.legacyReaders, request, name)
    if (!values) return undefined
    // It is unknown when that session began: most likely before all sessions were ended.
    if (await this.#persistence.hasEndedEverything?.()) {
      return this.#newSession(reading, { reason: 'revoked' })
    }
    const session = this.#restore(reading, { values, renewal: 'foreign' })
    const draft = draftOf(name, Session.stateOf(session), this.#persistence.serializer)
    if (this.#persistence.hasRoomFor?.(draft) ?? true) return session
    warnOnce(
      'SESSION_LEGACY_TOO_LARGE',
      `a session of another library does not fit into the cookies of the session "${name}" and was not carried ` +
        "over; give the CookieStore tooLarge: 'chunk' or 'spill', or a larger maxTotalBytes",
    )
    return this.#newSession(reading, { reason: 'too-large' })
  }

  /** Applies the definition of the session. */
  #check(reading: Reading, session: Session<object>): MaybePromise<Session<object>> {
    const policy = this.#definitions.policyOf(reading.name)
    if (!policy?.load) return this.#opened(reading, session)
    const state = Session.stateOf(session)
    const { version = 1 } = state.snapshot.metadata
    return chain(policy.load(session, version, this.#settings.now()), () => {
      // What the definition fills in, strips or migrates is no reason to write.
      if (session.isNew) policy.beforeSave?.(session, this.#settings.now())
      state.initial = serialized(state.values, state.snapshot.serializer ?? json)
      return this.#opened(reading, session)
    })
  }

  #opened(reading: Reading, session: Session<object>): Session<object> {
    const { name, text, since, request } = reading
    const { reason, snapshot } = Session.stateOf(session)
    const event = {
      type: 'session' as const,
      name,
      store: this.#kind,
      isNew: reason !== undefined,
      reason,
      cookieBytes: text?.length,
      refusals: snapshot.refusals,
      fromCache: snapshot.isCopy,
      durationMs: performance.now() - since,
    }
    this.#emit(event, { request, session })
    if (reason !== undefined && text !== undefined) {
      this.#emit({ ...event, type: 'reject', reason }, { request, session })
    }
    return session
  }

  #newSession(reading: Reading, { reason, refusals, id, keepsId }: Rejected): Session<object> {
    const empty = emptySnapshot(reason, reading.defaults, refusals)
    const state = new State<object>(keepsId ? { ...empty, id } : empty, {})
    state.origin = reading
    return new Session<object>(this, reading.name, state)
  }

  /** The session with what was read; a new one if that is not an object, or too old. */
  #restore(reading: Reading, loaded: Alive): Session<object> {
    const { values, text, serializer } = loaded
    if (text !== undefined) reading.text = text
    if (!isPlainObject(values) || serializer?.isSession?.(values) === false)
      return this.#newSession(reading, { reason: 'malformed' })
    const snapshot = snapshotOf(loaded, reading.defaults)
    if (!snapshot) return this.#newSession(reading, { reason: 'expired' })
    const state = new State<object>(snapshot, values, loaded.startedAt)
    state.isReadOnly = loaded.isReadOnly ?? false
    state.origin = reading
    return new Session<object>(this, reading.name, state)
  }

  #save(session: Session<object>, request: RequestLike): MaybePromise<Saved> {
    const state = Session.stateOf(session)
    const policy = this.#definitions.policyOf(session.name)
    if (!state.isDestroyed) policy?.beforeSave?.(session, this.#settings.now())
    const draft = draftOf(session.name, state, this.#persistence.serializer)
    const plan = planSave(factsOf(state, draft, this.saveUnchanged))
    return this.#carryOut(plan, session, state, draft, request)
  }

  #carryOut(
    plan: SavePlan,
    session: Session<object>,
    state: State<object>,
    draft: NewDraft,
    request: RequestLike,
  ): MaybePromise<Saved> {
    switch (plan) {
      case 'nothing':
        return unchanged
      case 'drop':
        return dropped
      case 'refuse':
        throw unreadable(session.name)
      case 'resend': {
        const { cookies, progress } = state.snapshot
        return { outcome: progress === 'ended' ? 'dropped' : 'saved', cookies, conflicts: 0 }
      }
      default: {
        const waiting = this.#settings.keyring?.ready()
        return waiting
          ? waiting.then(() => this.#write(plan, session, state, draft, request))
          : this.#write(plan, session, state, draft, request)
      }
    }
  }

  #write(
    plan: 'touch' | 'write' | 'rotate' | 'end',
    session: Session<object>,
    state: State<object>,
    draft: NewDraft,
    request: RequestLike,
  ): MaybePromise<Saved> {
    // Before anything is written: attributes that browsers reject must not leave half a save behind.
    this.#validate(session, state)
    if (plan === 'end') return this.#end(session, state, request)
    assertStorable(session.name, state, this.capabilities)
    if (draft.rotation === 'login' || draft.rotation === 'elevate') {
      const device = this.#persistence.signInMetadata?.(request)
      if (device) draft.metadata = { ...draft.metadata, ...device }
    }
    const { changes, rotation } = state.takeChanges()
    draft.changes = changes
    draft.metadata = withVersion(draft.metadata, draft.defaults.version)
    draft.isUnchanged = plan === 'touch' && draft.maxAge === state.snapshot.maxAge
    const undo = (error: unknown): never => {
      state.restoreChanges(changes, rotation)
      throw storeFailure('write', error)
    }
    const finish = (written: Written | undefined): Saved =>
      this.#written(session, state, draft, written)
    try {
      const writing = this.#persistence.write(draft, state.snapshot)
      return isPromise(writing) ? writing.then(finish, undo) : finish(writing)
    } catch (error) {
      return undo(error)
    }
  }

  #written(
    session: Session<object>,
    state: State<object>,
    draft: Draft,
    written: Written | undefined,
  ): Saved {
    if (!written) return dropped
    const { text, merged, conflicts = 0, id } = written
    if (id !== undefined) Session.assignId(session, id)
    const { snapshot, options, lifetime } = state
    const next: NewSnapshot = {
      reason: snapshot.reason,
      refusals: snapshot.refusals,
      defaults: snapshot.defaults,
      options: options ? { ...options } : snapshot.options,
      lifetime: lifetime ? { ...lifetime } : snapshot.lifetime,
      metadata: written.metadata ?? draft.metadata,
      maxAge: draft.maxAge,
      payload: written.payload ?? draft.serialized?.bytes,
      serializer: draft.serialized?.serializer ?? snapshot.serializer,
      renewal: undefined,
      isCopy: snapshot.isCopy,
      id: state.id,
      kept: written.kept,
      progress: 'saved',
      cookies: noCookies,
    }
    state.snapshot = next
    state.storeMetadata = undefined
    if (merged) showMerged(state, draft, merged)
    if (text !== undefined && state.origin) state.origin.text = text
    if (text === undefined) return { ...dropped, conflicts }
    const cookies = this.#transport.make(session.name, text, state)
    ;(state.snapshot as NewSnapshot).cookies = cookies
    return { outcome: draft.rotation ? 'rotated' : 'saved', cookies, conflicts }
  }

  #end(session: Session<object>, state: State<object>, request: RequestLike): MaybePromise<Saved> {
    const { name } = session
    const finish = (): Saved => {
      const options = state.options ?? state.snapshot.options
      const cookies = [this.#transport.deletion(name, options)]
      const progress = state.isDestroyed ? 'ended' : 'saved'
      state.snapshot = { ...state.snapshot, options: { ...options }, cookies, progress }
      if (state.origin) state.origin.text = undefined
      return { outcome: 'destroyed', cookies, conflicts: 0 }
    }
    const fail = (error: unknown): never => {
      throw storeFailure('erase', error)
    }
    try {
      const texts = this.#transport.read(request, name)
      const erasing = chain(
        this.#persistence.erase({ ...state.snapshot, id: state.id }),
        // Signing out ends the sessions of all cookies with this name, including those under an outdated id.
        () =>
          texts.length > (state.id === undefined ? 0 : 1)
            ? eraseAll(this.#persistence, name, texts, {
                request,
                fresh: true,
                defaults: state.snapshot.defaults,
              })
            : undefined,
      )
      return isPromise(erasing) ? erasing.then(finish, fail) : finish()
    } catch (error) {
      return fail(error)
    }
  }

  #respond(
    { request, headers, session, since }: Saving,
    { outcome, cookies, conflicts }: Saved,
  ): void {
    const { name } = session
    const state = Session.stateOf(session)
    const { snapshot, options = snapshot.options } = state
    const { extraCookies } = this.#persistence
    const extra = extraCookies
      ? extraCookies.call(this.#persistence, { name, options, base: snapshot }, request, outcome)
      : noCookies
    this.#transport.set(request, headers, { name, options }, cookies, extra)
    state.lastSave = outcome === 'dropped' ? 'dropped' : 'done'
    const event = {
      type: 'save' as const,
      name,
      store: this.#kind,
      outcome,
      conflicts,
      durationMs: performance.now() - since,
    }
    this.#emit(event, { request, session })
  }

  #validate(session: Session<object>, { options, snapshot }: State<object>): void {
    // The registry does not contain sessions that were created with `new Session`.
    assertSessionName(session.name)
    const isShared = options === undefined && snapshot.options === snapshot.defaults.options
    if (isShared && this.#validated === snapshot.defaults && !session.name.startsWith('__')) return
    this.#transport.assertOptions({ name: session.name, options: options ?? snapshot.options })
    if (isShared) this.#validated = snapshot.defaults
  }

  #failed(operation: string, error: unknown, request: RequestLike): never {
    this.#emitFailure(operation, error, request)
    throw error
  }

  #emitFailure(operation: string, error: unknown, request: RequestLike): void {
    if (!isStoreFailure(error)) return
    this.emit({ type: 'store-error', operation, error }, request)
  }
}

/**
 * What decides about a save of the session.
 *
 * @param isComparable - whether the values can have changed
 */
function factsOf(
  state: State<object>,
  draft: Draft,
  saveUnchanged: boolean,
  isComparable = true,
): SaveFacts {
  const { options, snapshot, isDestroyed } = state
  return {
    progress: snapshot.progress,
    reason: state.reason,
    isReadOnly: state.isReadOnly,
    isDestroyed,
    isDeletion: isDeletion(options ?? snapshot.options),
    rotation: state.rotation,
    hasOwner: Boolean(state.owner),
    renewal: snapshot.renewal,
    saveUnchanged,
    isAltered:
      draft.metadata !== snapshot.metadata ||
      (options !== undefined && !sameOptions(options, snapshot.options)),
    isChanged: isComparable && !isDestroyed && isChanged(state, draft.serialized, !saveUnchanged),
  }
}

/** An event without the name of its store. */
type EventOf<Event> = Event extends SessionEvent ? Omit<Event, 'store'> : never
