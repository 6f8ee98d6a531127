/**
 * A store over a {@link Persistence}: everything that stores have in common.
 *
 * @module
 */

import type { Serialized } from '../codec/codec.ts'
import { json } from '../codec/serializers/json.ts'
import { SessionError } from '../errors.ts'
import { maxCookieBytes, readValue, splitValue } from '../http/chunks.ts'
import { assertCookie, type Cookie, cookieOf, deletionOf } from '../http/cookie.ts'
import { assertOptions, isDeletion, type Options, sameOptions } from '../http/cookie-options.ts'
import type { RequestLike, RequestWithHeaders } from '../http/request.ts'
import { headersOf, type ResponseHeaders, type ResponseLike } from '../http/response.ts'
import { chain, isPromise, type MaybePromise } from '../lib/maybe-promise.ts'
import { isPlainObject } from '../lib/plain-object.ts'
import type { DefinableStore, SessionPolicy } from '../session/definition.ts'
import { emit, type SaveOutcome, type SessionEvent } from '../session/events.ts'
import {
  type FullLifetime,
  fullLifetime,
  isRenewalDue,
  isSameLifetime,
  ownLifetime,
} from '../session/lifetime.ts'
import { applyMerged } from '../session/merge.ts'
import { isSameMetadata, type SessionMetadata } from '../session/metadata.ts'
import { registry } from '../session/registry.ts'
import { Session } from '../session/session.ts'
import { type Defaults, emptySnapshot, type Snapshot } from '../session/snapshot.ts'
import { type Reason, State, type Values } from '../session/state.ts'
import type { Capability, ReadOptions } from '../session/store.ts'
import { readLegacySession } from './legacy-session.ts'
import type { Draft, Loaded, Persistence, ReadContext, Rejected, Written } from './persistence.ts'
import { planSave, type SavePlan } from './save-plan.ts'
import { isChanged, serialized } from './serialized.ts'
import { type CookieContext, setSessionCookies } from './session-cookies.ts'
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
  readonly #cookieContext: CookieContext
  readonly #kind: string
  readonly #keepsMetadata: boolean
  readonly #keepsLifetimes: boolean
  readonly #definitions = new Map<string, Definition>()
  #lifetime: FullLifetime
  #defaults: Defaults
  /** The defaults whose cookie attributes were validated last. */
  #validated: Defaults | undefined
  /** The attributes of the last cookie: most cookies of a second share them. */
  #lastAttributes:
    | { options: Options; maxAge: number | 'session'; second: number; cookie: Cookie }
    | undefined

  /** Throws TypeError or RangeError for wrong options, naming them. */
  constructor(persistence: Persistence, settings: Settings | SessionStoreOptions = {}) {
    const keepsLifetimes = persistence.capabilities.has('lifetimes')
    const all =
      settings instanceof Settings
        ? settings
        : new Settings('SessionStore', settings, undefined, keepsLifetimes)
    this.#persistence = persistence
    this.#settings = all
    this.#kind = new.target.name
    this.#keepsMetadata = persistence.capabilities.has('metadata')
    this.#keepsLifetimes = keepsLifetimes
    this.#lifetime = all.lifetime
    this.options = all.options
    this.saveUnchanged = all.saveUnchanged
    this.#cookieContext = { legacyReaders: all.legacyReaders, trustProxy: all.trustProxy }
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
    if (this.#definitions.has(name)) {
      throw new TypeError(
        `session "${name}" is already defined; define it once and share the result`,
      )
    }
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
    await this.commit(request, response, session)
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
      const saved = this.#save(session)
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
    const draft = this.#draftOf(session, state, true)
    const taken = await takeFlashes.call(this.#persistence, key, draft, base)
    if (!taken) return []
    applyTo(state, draft, taken.values)
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
    const text = readValue(request, name)
    const since = performance.now()
    const reading: Reading = { request, name, text, fresh, since, defaults: this.#defaultsOf(name) }
    if (text === undefined) return this.#adopt(reading, noCookie)
    try {
      const outcome = this.#persistence.read(name, text, reading)
      if (!isPromise(outcome)) return this.#adopt(reading, outcome)
      return outcome.then(
        later => this.#adopt(reading, later),
        error => this.#unreadable(reading, error),
      )
    } catch (error) {
      return this.#unreadable(reading, error)
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
    if (legacyReaders.length === 0 || !session.isNew) return this.#check(reading, session)
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
      if (session.isNew) {
        this.#beforeSave(session)
        state.initial = serialized(state.values, json)?.bytes
      }
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
    const { name, defaults } = reading
    const { values, startedAt, metadata = {}, payload, serializer, maxAge } = loaded
    if (!isPlainObject(values)) return this.#newSession(reading, { reason: 'malformed' })
    const lifetime = ownLifetime(metadata, defaults.lifetime)
    if (startedAt !== undefined && defaults.now() >= startedAt + lifetime.absolute) {
      return this.#newSession(reading, { reason: 'expired' })
    }
    const snapshot: Snapshot = {
      reason: undefined,
      refusals: noRefusals,
      defaults,
      options: restoredOptions(defaults.options, metadata, maxAge),
      lifetime,
      metadata,
      maxAge,
      payload,
      serializer,
      renewal: renewalOf(loaded, lifetime, defaults.now),
      isCopy: loaded.isCopy ?? false,
      id: loaded.id,
      kept: loaded.kept,
      progress: 'read',
      cookies: noCookies,
    }
    const state = new State<object>(snapshot, values, startedAt)
    state.isReadOnly = loaded.isReadOnly ?? false
    return new Session<object>(this, name, state)
  }

  #save(session: Session<object>): MaybePromise<Saved> {
    const state = Session.stateOf(session)
    const { options, snapshot } = state
    if (this.#definitions.size > 0 && !state.isDestroyed) this.#beforeSave(session)
    const draft = this.#draftOf(session, state)
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
      isChanged: !state.isDestroyed && isChanged(state, draft.serialized),
    })
    return this.#carryOut(plan, session, state, draft)
  }

  #carryOut(
    plan: SavePlan,
    session: Session<object>,
    state: State<object>,
    draft: Draft,
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
          ? waiting.then(() => this.#write(plan, session, state, draft))
          : this.#write(plan, session, state, draft)
      }
    }
  }

  #write(
    plan: 'touch' | 'write' | 'rotate' | 'end',
    session: Session<object>,
    state: State<object>,
    draft: Draft,
  ): MaybePromise<Saved> {
    // Before anything is written: attributes that browsers reject must not leave half a save behind.
    this.#validate(session, state)
    if (plan === 'end') return this.#end(session, state)
    if (!this.#keepsMetadata) assertStorable(session, state)
    const { changes, rotation } = state.takeChanges()
    const undo = (error: unknown): never => {
      state.restoreChanges(changes, rotation)
      throw error
    }
    const whole: Draft = {
      ...draft,
      changes,
      rotation,
      isUnchanged: plan === 'touch' && draft.maxAge === state.snapshot.maxAge,
    }
    const finish = (written: Written | undefined): Saved =>
      this.#written(session, state, whole, written)
    try {
      const writing = this.#persistence.write(whole, state.snapshot)
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
    const { snapshot } = state
    state.snapshot = {
      ...snapshot,
      options: state.options ? { ...state.options } : snapshot.options,
      lifetime: state.lifetime ? { ...state.lifetime } : snapshot.lifetime,
      metadata: written.metadata ?? draft.metadata,
      maxAge: draft.maxAge,
      payload: written.payload ?? draft.serialized?.bytes,
      serializer: draft.serialized?.serializer ?? snapshot.serializer,
      renewal: undefined,
      id: state.id,
      kept: written.kept,
      progress: 'saved',
    }
    state.storeMetadata = undefined
    if (merged) showMerged(state, draft, merged)
    if (text === undefined) return { ...dropped, conflicts }
    const cookies = this.#cookiesFor(session.name, text, state)
    state.snapshot = { ...state.snapshot, cookies }
    return { outcome: draft.rotation ? 'rotated' : 'saved', cookies, conflicts }
  }

  #end(session: Session<object>, state: State<object>): MaybePromise<Saved> {
    return chain(this.#persistence.erase({ ...state.snapshot, id: state.id }), () => {
      const options = state.options ?? state.snapshot.options
      const cookies = [deletionOf(session.name, options)]
      const progress = state.isDestroyed ? 'ended' : 'saved'
      state.snapshot = { ...state.snapshot, options: { ...options }, cookies, progress }
      return { outcome: 'destroyed', cookies, conflicts: 0 }
    })
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
    setSessionCookies(this.#cookieContext, request, headers, { name, options }, cookies, extra)
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

  /** The values are serialized here, once: to find out whether they changed, and to be written. */
  #draftOf(session: Session<object>, state: State<object>, isForced = false): Draft {
    const { snapshot, lifetime } = state
    const { defaults } = snapshot
    if (lifetime && !isSameLifetime(lifetime, snapshot.lifetime)) {
      state.lifetime = fullLifetime(lifetime, defaults.lifetime)
    }
    const options = state.options ?? snapshot.options
    return {
      name: session.name,
      id: state.id,
      values: state.values as Values,
      serialized: this.#serialize(state, isForced),
      metadata: this.#metadataOf(state),
      startedAt: state.startedAt,
      maxAge: typeof options.maxAge === 'number' ? options.maxAge : undefined,
      idle: (state.lifetime ?? snapshot.lifetime).idle,
      rotation: state.rotation,
      changes: state.changes ?? noChanges,
      isUnchanged: false,
      renewal: snapshot.renewal,
      defaults,
    }
  }

  #serialize(state: State<object>, isForced: boolean): Serialized | undefined {
    const serializer = state.snapshot.serializer ?? this.#persistence.serializer
    if (!serializer || state.isDestroyed) return undefined
    if (!isForced && state.reason !== undefined && isUntouched(state)) return undefined
    return serialized(state.values, serializer)
  }

  /** The same object as was read if nothing changed. */
  #metadataOf(state: State<object>): SessionMetadata {
    const { snapshot, owner, label, authenticatedAt, lifetime, options, storeMetadata } = state
    const { metadata: base, defaults } = snapshot
    const isTouched =
      lifetime !== undefined ||
      options !== undefined ||
      storeMetadata !== undefined ||
      owner !== base.owner ||
      label !== base.label ||
      authenticatedAt !== base.authenticatedAt ||
      defaults.version !== (base.version ?? 1)
    if (!isTouched) return base
    const { idle, absolute } = lifetime ?? snapshot.lifetime
    const { maxAge } = options ?? snapshot.options
    const isUntilClosed = typeof defaults.options.maxAge === 'number' && typeof maxAge !== 'number'
    const metadata = {
      ...base,
      ...storeMetadata,
      authenticatedAt,
      idle: idle === defaults.lifetime.idle ? undefined : idle,
      absolute: absolute < defaults.lifetime.absolute ? absolute : undefined,
      version: defaults.version === 1 ? undefined : defaults.version,
      untilClosed: isUntilClosed ? 1 : undefined,
      owner: owner || undefined,
      label: label || undefined,
    }
    return isSameMetadata(metadata, base) ? base : metadata
  }

  #cookiesFor(name: string, text: string, state: State<object>): readonly Cookie[] {
    const { snapshot } = state
    const options = state.options ?? snapshot.options
    const maxAge = this.#cookieAge(options, state)
    if (name.length + text.length <= maxCookieBytes) {
      return [{ ...this.#cookieWith(options, maxAge), name, value: text }]
    }
    return splitValue(name, text).map(({ name, value }) =>
      cookieOf(name, value, { ...options, maxAge }),
    )
  }

  /** A cookie with these attributes, made once a second for the options that sessions share. */
  #cookieWith(options: Options, maxAge: number | 'session'): Cookie {
    const now = Date.now()
    const second = Math.floor(now / 1000)
    const last = this.#lastAttributes
    if (last?.options === options && last.maxAge === maxAge && last.second === second) {
      return last.cookie
    }
    const cookie = cookieOf('', '', { ...options, maxAge }, now)
    this.#lastAttributes = { options, maxAge, second, cookie }
    return cookie
  }

  /** The Max-Age of the cookie: no longer than the session can live. */
  #cookieAge(
    options: Options,
    { snapshot, lifetime, startedAt }: State<object>,
  ): number | 'session' {
    const { maxAge = 'session' } = options
    if (maxAge === 'session' || !this.#keepsLifetimes) return maxAge
    const { defaults } = snapshot
    const own = (lifetime ?? snapshot.lifetime).absolute
    const absolute = Math.min(own, defaults.lifetime.absolute)
    const age = startedAt === undefined ? 0 : defaults.now() - startedAt
    return Math.max(1, Math.min(maxAge, absolute - age))
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

const noRefusals: Snapshot['refusals'] = []
const noChanges: Draft['changes'] = { lists: new Set(), increments: new Map(), expired: new Set() }

function extend(store: Defaults, policy: SessionPolicy, lifetime: FullLifetime): Defaults {
  const options = { ...store.options, ...policy.options }
  return { options, lifetime, version: policy.version, now: store.now }
}

/** "Remember me" is stored with the session, so that renewing it keeps its cookie's lifetime. */
function restoredOptions(
  defaults: Readonly<Options>,
  { untilClosed }: SessionMetadata,
  given: number | undefined,
): Readonly<Options> {
  const maxAge: Options['maxAge'] = untilClosed ? 'session' : given
  return maxAge === undefined || maxAge === defaults.maxAge ? defaults : { ...defaults, maxAge }
}

/** Why the session should be written even if nothing changes. */
function renewalOf(
  { renewal, issuedAt, startedAt, maxAge }: Loaded,
  lifetime: Readonly<FullLifetime>,
  now: () => number,
): Snapshot['renewal'] {
  if (renewal !== undefined && renewal !== 'age') return renewal
  if (issuedAt === undefined || startedAt === undefined) return renewal
  return isRenewalDue(now() - issuedAt, maxAge, lifetime) ? 'age' : undefined
}

/** True for a new session that holds nothing and was never saved. */
function isUntouched({ snapshot, values }: State<object>): boolean {
  if (snapshot.progress === 'saved') return false
  for (const _ in values) return false
  return Object.getOwnPropertySymbols(values).length === 0
}

/** Shows the handler what other requests have changed. */
function showMerged(
  state: State<object>,
  draft: Draft,
  merged: NonNullable<Written['merged']>,
): void {
  const { values, metadata, maxAge } = merged
  applyTo(state, draft, values)
  state.owner = metadata.owner
  state.label = metadata.label
  const { defaults } = state.snapshot
  const lifetime = ownLifetime(metadata, defaults.lifetime)
  state.lifetime = undefined
  state.snapshot = { ...state.snapshot, lifetime, metadata, maxAge }
  if (maxAge === draft.maxAge) return
  const options = { ...(state.options ?? state.snapshot.options), maxAge: maxAge ?? 'session' }
  state.options = options as Options
  state.snapshot = { ...state.snapshot, options: { ...options } as Options }
}

function applyTo(state: State<object>, draft: Draft, values: Values): void {
  const serializer = draft.serialized?.serializer ?? json
  const previous = draft.serialized
    ? (serializer.deserialize(draft.serialized.bytes) as Values)
    : { ...draft.values }
  applyMerged(state.values as Values, previous, values, serializer)
}

/** Throws `not-kept` for what the store has no room for, because it would be lost silently. */
function assertStorable(session: Session<object>, state: State<object>): void {
  const { owner, label, authenticatedAt, lifetime, snapshot } = state
  const hasLifetime = lifetime !== undefined && !isSameLifetime(lifetime, snapshot.lifetime)
  if (!owner && !label && authenticatedAt === undefined && !hasLifetime) return
  throw new SessionError(
    'not-kept',
    `session "${session.name}" has an owner, a label or a lifetime of its own, which its store cannot keep; use a store with keys, or a server-side one`,
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
