/**
 * A store over a {@link Persistence}: everything that stores have in common.
 *
 * @module
 */

import { json } from '../codec/serializers/json.ts'
import { MultiError, SessionError } from '../errors.ts'
import { readValues } from '../http/chunks.ts'
import { assertCookie, type Cookie, deletionOf } from '../http/cookie.ts'
import { assertOptions, isDeletion, type Options, sameOptions } from '../http/cookie-options.ts'
import type { RequestLike, RequestWithHeaders } from '../http/request.ts'
import { headersOf, type ResponseHeaders, type ResponseLike } from '../http/response.ts'
import { chain, isPromise, type MaybePromise } from '../lib/maybe-promise.ts'
import { isPlainObject } from '../lib/plain-object.ts'
import type { DefinableStore, SessionPolicy } from '../session/definition.ts'
import { emit, type SaveOutcome, type SessionEvent } from '../session/events.ts'
import { type FullLifetime, fullLifetime, isSameLifetime } from '../session/lifetime.ts'
import type { SessionMetadata } from '../session/metadata.ts'
import { registry } from '../session/registry.ts'
import { Session } from '../session/session.ts'
import { type Defaults, emptySnapshot, type Snapshot } from '../session/snapshot.ts'
import { type Reason, State, type Values } from '../session/state.ts'
import type { Capability, ReadOptions } from '../session/store.ts'
import { draftOf, type NewDraft, showMerged, showValues } from './draft.ts'
import { eraseAll, hasEnded, readFirstAlive } from './duplicate-cookies.ts'
import { readLegacySession } from './legacy-session.ts'
import type { Draft, Loaded, Persistence, ReadContext, Rejected, Written } from './persistence.ts'
import { snapshotOf } from './restored.ts'
import { planSave, type SavePlan } from './save-plan.ts'
import { isChanged, serialized } from './serialized.ts'
import { SessionCookies } from './session-cookies.ts'
import { longestLife, type SessionStoreOptions, Settings } from './settings.ts'

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

const noCookies: readonly Cookie[] = []
const unchanged: Saved = { outcome: 'unchanged', cookies: noCookies, conflicts: 0 }
const dropped: Saved = { outcome: 'dropped', cookies: noCookies, conflicts: 0 }
const noCookie: Rejected = { reason: 'no-cookie' }

/** A snapshot that is being made. */
type NewSnapshot = { -readonly [Field in keyof Snapshot]: Snapshot[Field] }

/** A policy, and the defaults that follow from it and from the store's. */
interface Definition {
  readonly policy: SessionPolicy
  readonly lifetime: FullLifetime
  store: Defaults
  defaults: Defaults
}

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
  readonly #definitions = new Map<string, Definition>()
  #lifetime: FullLifetime
  #defaults: Defaults
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
    this.#lifetime = all.lifetime
    this.options = all.options
    this.saveUnchanged = all.saveUnchanged
    this.#cookies = new SessionCookies(all, keepsLifetimes)
    this.#defaults = this.#newDefaults()
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
    const { capabilities, codecs = [] } = this.#persistence
    if (this.#definitions.has(name)) assertReloaded(name)
    if (!capabilities.has('lifetimes') && Object.keys(policy.lifetime).length > 0) {
      throw new TypeError('this store keeps no lifetimes: its codecs have limits of their own')
    }
    if (!capabilities.has('metadata') && policy.version > 1) {
      throw new TypeError('this store keeps no versions: its codecs have no room for them')
    }
    assertOptions({ ...this.options, ...policy.options })
    const lifetime = fullLifetime(policy.lifetime, this.#lifetime)
    const store = this.#storeDefaults()
    this.#definitions.set(name, {
      policy,
      lifetime,
      store,
      defaults: extend(store, policy, lifetime),
    })
    for (const codec of codecs) {
      if (codec.maxLifetime !== undefined) {
        codec.maxLifetime = Math.max(codec.maxLifetime, lifetime.absolute)
      }
    }
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
    if (codecMaxAge > 0) {
      this.#lifetime = fullLifetime({ idle: codecMaxAge, absolute }, this.#lifetime)
      this.#defaults = this.#newDefaults()
    }
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
    const texts = this.#valuesOf(request, name)
    const [text] = texts
    const since = performance.now()
    const reading: Reading = { request, name, text, fresh, since, defaults: this.#defaultsOf(name) }
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

  /** The values of the session's cookies, in the order in which they are tried. */
  #valuesOf(request: RequestLike, name: string): readonly string[] {
    const texts = readValues(request, name)
    if (this.#settings.duplicateCookies === 'try-all' || texts.length < 2) return texts
    const first = texts.find(isCookieValue)
    return first === undefined ? [] : [first]
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
    const load =
      this.#definitions.size > 0 ? this.#definitions.get(reading.name)?.policy.load : undefined
    if (!load) return this.#opened(reading, session)
    const state = Session.stateOf(session)
    const { version = 1 } = state.snapshot.metadata
    return chain(load(session, version, this.#settings.now()), () => {
      // What the definition fills in, strips or migrates is no reason to write.
      if (session.isNew) this.#beforeSave(session)
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
    if (this.#definitions.size > 0 && !state.isDestroyed) this.#beforeSave(session)
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
        throw unreadable(session)
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
    assertStorable(session, state, this.capabilities)
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
      const texts = this.#valuesOf(request, name)
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

  #beforeSave(session: Session<object>): void {
    this.#definitions.get(session.name)?.policy.beforeSave?.(session, this.#settings.now())
  }

  #defaultsOf(name: string): Defaults {
    const store = this.#storeDefaults()
    const definition = this.#definitions.size > 0 ? this.#definitions.get(name) : undefined
    if (!definition) return store
    if (definition.store !== store) {
      definition.store = store
      definition.defaults = extend(store, definition.policy, definition.lifetime)
    }
    return definition.defaults
  }

  /** Made again only if somebody changed `options`, which is public and mutable as in Go. */
  #storeDefaults(): Defaults {
    if (!sameOptions(this.options, this.#defaults.options)) this.#defaults = this.#newDefaults()
    return this.#defaults
  }

  #newDefaults(): Defaults {
    const { now } = this.#settings
    return { options: { ...this.options }, lifetime: this.#lifetime, version: 1, now }
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

function extend(store: Defaults, policy: SessionPolicy, lifetime: FullLifetime): Defaults {
  const options = { ...store.options, ...policy.options }
  return { options, lifetime, version: policy.version, now: store.now }
}

/** Whether Go's net/http would keep a cookie with this value. */
function isCookieValue(text: string): boolean {
  return /^[\x20\x21\x23-\x3a\x3c-\x5b\x5d-\x7e]*$/.test(text)
}

/** In development, a module that is reloaded defines its sessions again. */
function assertReloaded(name: string): void {
  const message = `session "${name}" is already defined; define it once and share the result`
  const { process } = globalThis as { process?: Partial<NodeJS.Process> }
  if (process?.env?.NODE_ENV !== 'development' || !process.emitWarning) throw new TypeError(message)
  process.emitWarning(`${message} (replaced, because NODE_ENV is development)`, {
    type: 'SessionWarning',
    code: 'SESSION_REDEFINED',
  })
}

/** Values of a higher version keep it, so that no migration runs twice. */
function withVersion(metadata: SessionMetadata, version: number): SessionMetadata {
  return (metadata.version ?? 1) < version ? { ...metadata, version } : metadata
}

/** Throws `not-kept` for what the store has no room for, because it would be lost silently. */
function assertStorable(
  session: Session<object>,
  state: State<object>,
  capabilities: ReadonlySet<Capability>,
): void {
  const { owner, label, authenticatedAt, lifetime, snapshot } = state
  const hasMetadata = Boolean(owner || label || authenticatedAt !== undefined)
  const hasLifetime = lifetime !== undefined && !isSameLifetime(lifetime, snapshot.lifetime)
  const isKept =
    (!hasMetadata || capabilities.has('metadata')) &&
    (!hasLifetime || capabilities.has('lifetimes'))
  if (isKept) return
  throw new SessionError(
    'not-kept',
    `session "${session.name}" has an owner, a label or a lifetime of its own, which its store cannot keep; use a store with keys, or a server-side one`,
  )
}

/** What a persistence has thrown as an error of this library. Wrong arguments stay what they are. */
function storeFailure(operation: string, error: unknown): unknown {
  const isKnown = [SessionError, MultiError, TypeError, RangeError].some(
    kind => error instanceof kind,
  )
  if (isKnown) return error
  const message = error instanceof Error ? error.message : 'unknown failure'
  return new SessionError('store-failed', `session store: ${operation}: ${message}`, {
    cause: error,
  })
}

function assertPersistence(value: unknown): void {
  const { read, write, erase, capabilities } = (value ?? {}) as Partial<Persistence>
  const isPersistence =
    [read, write, erase].every(method => typeof method === 'function') &&
    capabilities instanceof Set
  if (isPersistence) return
  throw new TypeError(
    'SessionStore takes a persistence first: an object with capabilities (a Set), read, write and erase',
  )
}

function unreadable({ name }: Session<object>): SessionError {
  return new SessionError(
    'store-failed',
    `session "${name}" could not be read, so it cannot be signed in, rotated or destroyed`,
  )
}

function isStoreFailure(error: unknown): error is SessionError {
  return error instanceof SessionError && error.code === 'store-failed'
}
