/**
 * A store over a {@link Persistence}: everything that stores have in common.
 *
 * @module
 */

import { json } from '../codec/serializers/json.ts'
import { assertCookie, type Cookie, deletionOf } from '../http/cookie.ts'
import { assertOptions, isDeletion, type Options, sameOptions } from '../http/cookie-options.ts'
import type { RequestLike, RequestWithHeaders } from '../http/request.ts'
import { headersOf, type ResponseHeaders, type ResponseLike } from '../http/response.ts'
import { chain, isPromise, type MaybePromise } from '../lib/maybe-promise.ts'
import { isPlainObject } from '../lib/plain-object.ts'
import type { DefinableStore, SessionPolicy } from '../session/definition.ts'
import { emit, type SaveOutcome, type SessionEvent } from '../session/events.ts'
import { registry } from '../session/registry.ts'
import { Session } from '../session/session.ts'
import { type Defaults, emptySnapshot, noCookies, type Snapshot } from '../session/snapshot.ts'
import { type Reason, State, type Values } from '../session/state.ts'
import type { Capability, ReadOptions } from '../session/store.ts'
import { Definitions } from './definitions.ts'
import { draftOf, type NewDraft, showMerged, showValues, withVersion } from './draft.ts'
import { cookieTexts, eraseAll, hasEnded, readFirstAlive } from './duplicate-cookies.ts'
import { readLegacySession } from './legacy-session.ts'
import {
  assertPersistence,
  type Draft,
  type Loaded,
  type Persistence,
  type ReadContext,
  type Rejected,
  type Written,
} from './persistence.ts'
import { snapshotOf } from './restored.ts'
import { planSave, type SavePlan } from './save-plan.ts'
import { isChanged, serialized } from './serialized.ts'
import { SessionCookies } from './session-cookies.ts'
import { longestLife, type SessionStoreOptions, Settings } from './settings.ts'
import { assertStorable, isStoreFailure, storeFailure, unreadable } from './store-failures.ts'

/** One read of a session. */
interface Reading extends ReadContext {
  readonly name: string
  readonly text: string | undefined
  /** When it began, by `performance.now()`. */
  readonly since: number
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

/** Keeps sessions in whatever its {@link Persistence} reads and writes. */
export class SessionStore implements DefinableStore {
  /** Cookie attributes that new sessions get a copy of. */
  options: Options
  /** Whether sessions that did not change are written, even new and empty ones. */
  saveUnchanged: boolean
  readonly #persistence: Persistence
  readonly #settings: Settings
  readonly #cookies: SessionCookies
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
    this.#cookies = new SessionCookies(all, keepsLifetimes)
    this.#definitions = new Definitions(all)
  }

  /** What this store can do besides reading and saving. */
  get capabilities(): ReadonlySet<Capability> {
    return this.#persistence.capabilities
  }

  get<T extends object = Values>(
    request: RequestLike,
    name: string,
    options?: ReadOptions,
  ): Promise<Session<T>> {
    return registry(request).get<T>(this, name, options)
  }

  async new<T extends object = Values>(
    request: RequestLike,
    name: string,
    options?: ReadOptions,
  ): Promise<Session<T>> {
    return this.load<T>(request, name, options)
  }

  /** Like `new`, but synchronous where nothing has to be waited for. Throws or rejects. */
  load<T extends object = Values>(
    request: RequestLike,
    name: string,
    options?: ReadOptions,
  ): MaybePromise<Session<T>> {
    const fresh = options?.fresh ?? false
    const waiting = this.#settings.keyring?.ready()
    const session = waiting
      ? waiting.then(() => this.#read(request, name, fresh))
      : this.#read(request, name, fresh)
    return session as MaybePromise<Session<T>>
  }

  /** The session of a WebSocket upgrade, of which there are only headers: `new` with these. */
  fromHeaders<T extends object = Values>(
    headers: RequestWithHeaders['headers'],
    name: string,
    options?: ReadOptions,
  ): Promise<Session<T>> {
    return this.new<T>({ headers }, name, options)
  }

  /** See {@link DefinableStore}. */
  define(name: string, policy: SessionPolicy): void {
    this.#definitions.define(name, policy, this.options, this.#persistence)
  }

  async save(
    request: RequestLike,
    response: ResponseLike,
    session: Session<object>,
  ): Promise<void> {
    return this.commit(request, response, session)
  }

  /** Like `save`, but synchronous where nothing has to be waited for. Throws or rejects. */
  commit(
    request: RequestLike,
    response: ResponseLike,
    session: Session<object>,
  ): MaybePromise<void> {
    const since = performance.now()
    const headers = headersOf(response)
    headers.varyOnCookie()
    const saving = { request, headers, session, since }
    try {
      const saved = this.#save(session, request)
      if (!isPromise(saved)) return this.#respond(saving, saved)
      return saved.then(
        later => this.#respond(saving, later),
        error => this.#failed('save', error, request),
      )
    } catch (error) {
      return this.#failed('save', error, request)
    }
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
    showValues(state, draft, taken.values)
    state.snapshot = { ...base, payload: taken.payload, kept: taken.kept }
    return taken.messages
  }

  /** @internal Emits an event of this store. */
  protected emit(event: EventOf<SessionEvent>, request?: RequestLike): void {
    this.#emit({ ...event, store: this.#kind } as SessionEvent, request)
  }

  #emit(event: SessionEvent, request?: RequestLike): void {
    if (request) registry(request).note(event)
    emit(this.#settings.hooks, event)
  }

  #read(request: RequestLike, name: string, fresh: boolean): MaybePromise<Session<object>> {
    const texts = cookieTexts(request, name, this.#settings.duplicateCookies)
    const [text] = texts
    const since = performance.now()
    const reading: Reading = {
      request,
      name,
      text,
      fresh,
      since,
      defaults: this.#definitions.defaultsOf(name, this.options),
    }
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

  /** An empty session if the backend failed and that is allowed. Throws the error otherwise. */
  #unreadable(reading: Reading, error: unknown): MaybePromise<Session<object>> {
    if (this.#settings.onStoreFailure === 'throw' || !isStoreFailure(error)) {
      return this.#failed('read', error, reading.request)
    }
    this.#emitFailure('read', error, reading.request)
    return this.#check(reading, this.#newSession(reading, { reason: 'store-failed' }))
  }

  /** The session that was read or, if there is none, that of another library. */
  #adopt(reading: Reading, outcome: Loaded | Rejected): MaybePromise<Session<object>> {
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
    return this.#restore(reading, { values, renewal: 'foreign' })
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
    this.#emit(event, request)
    if (reason !== undefined && text !== undefined) {
      this.#emit({ ...event, type: 'reject', reason }, request)
    }
    return session
  }

  #newSession(
    { name, defaults }: { readonly name: string; readonly defaults: Defaults },
    { reason, refusals }: { readonly reason: Reason; readonly refusals?: Rejected['refusals'] },
  ): Session<object> {
    return new Session<object>(
      this,
      name,
      new State<object>(emptySnapshot(reason, defaults, refusals), {}),
    )
  }

  /** The session with what was read; a new one if that is not an object, or too old. */
  #restore(reading: Reading, loaded: Loaded): Session<object> {
    const { values } = loaded
    if (!isPlainObject(values)) return this.#newSession(reading, { reason: 'malformed' })
    const snapshot = snapshotOf(loaded, reading.defaults)
    if (!snapshot) return this.#newSession(reading, { reason: 'expired' })
    const state = new State<object>(snapshot, values, loaded.startedAt)
    state.isReadOnly = loaded.isReadOnly ?? false
    return new Session<object>(this, reading.name, state)
  }

  #save(session: Session<object>, request: RequestLike): MaybePromise<Saved> {
    const state = Session.stateOf(session)
    const { options, snapshot } = state
    const policy = this.#definitions.policyOf(session.name)
    if (!state.isDestroyed) policy?.beforeSave?.(session, this.#settings.now())
    const draft = draftOf(session.name, state, this.#persistence.serializer)
    const isAltered =
      draft.metadata !== snapshot.metadata ||
      (options !== undefined && !sameOptions(options, snapshot.options))
    const plan = planSave({
      progress: snapshot.progress,
      reason: state.reason,
      isReadOnly: state.isReadOnly,
      isDestroyed: state.isDestroyed,
      isDeletion: isDeletion(options ?? snapshot.options),
      rotation: state.rotation,
      hasOwner: Boolean(state.owner),
      renewal: snapshot.renewal,
      saveUnchanged: this.saveUnchanged,
      isAltered,
      isChanged: !state.isDestroyed && isChanged(state, draft.serialized, !this.saveUnchanged),
    })
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
    if (text === undefined) return { ...dropped, conflicts }
    const cookies = this.#cookies.make(session.name, text, state)
    ;(state.snapshot as NewSnapshot).cookies = cookies
    return { outcome: draft.rotation ? 'rotated' : 'saved', cookies, conflicts }
  }

  #end(session: Session<object>, state: State<object>, request: RequestLike): MaybePromise<Saved> {
    const { name } = session
    const finish = (): Saved => {
      const options = state.options ?? state.snapshot.options
      const cookies = [deletionOf(name, options)]
      const progress = state.isDestroyed ? 'ended' : 'saved'
      state.snapshot = { ...state.snapshot, options: { ...options }, cookies, progress }
      return { outcome: 'destroyed', cookies, conflicts: 0 }
    }
    const fail = (error: unknown): never => {
      throw storeFailure('erase', error)
    }
    try {
      const texts = cookieTexts(request, name, this.#settings.duplicateCookies)
      const erasing = chain(
        this.#persistence.erase({ ...state.snapshot, id: state.id }),
        // Signing out ends what every cookie of this name stands for.
        () =>
          texts.length > 1
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
    const { snapshot, options = snapshot.options } = Session.stateOf(session)
    const { extraCookies } = this.#persistence
    const extra = extraCookies
      ? extraCookies.call(this.#persistence, { name, options, base: snapshot }, request, outcome)
      : noCookies
    this.#cookies.set(request, headers, { name, options }, cookies, extra)
    const event = {
      type: 'save' as const,
      name,
      store: this.#kind,
      outcome,
      conflicts,
      durationMs: performance.now() - since,
    }
    this.#emit(event, request)
  }

  #validate(session: Session<object>, { options, snapshot }: State<object>): void {
    const isShared = options === undefined && snapshot.options === snapshot.defaults.options
    if (isShared && this.#validated === snapshot.defaults && !session.name.startsWith('__')) return
    assertCookie(session.name, options ?? snapshot.options)
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

/** An event without the name of its store. */
type EventOf<Event> = Event extends SessionEvent ? Omit<Event, 'store'> : never
