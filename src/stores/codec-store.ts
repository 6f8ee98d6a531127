/**
 * What the stores that sign with codecs have in common.
 *
 * @module
 */

import {
  type Codec,
  type EncodeContext,
  encodeMulti,
  type Opened,
  type Renewal,
} from '../codec/codec.ts'
import { type KeyList, Keyring } from '../codec/keyring.ts'
import { Sealed, type SealedOptions } from '../codec/sealed.ts'
import { json } from '../codec/serializers/json.ts'
import { type ErrorCode, SessionError } from '../errors.ts'
import { maxCookieBytes, type Piece, readValue } from '../http/chunks.ts'
import { assertCookie, type Cookie, cookieOf, deletionOf } from '../http/cookie.ts'
import {
  assertOptions,
  defaultOptions,
  isDeletion,
  type Options,
  sameOptions,
} from '../http/cookie-options.ts'
import { assertTrustProxy, type TrustProxy } from '../http/origin.ts'
import { type RequestLike, type RequestWithHeaders, readCookies } from '../http/request.ts'
import { headersOf, type ResponseHeaders, type ResponseLike } from '../http/response.ts'
import { thirtyDays, unixSeconds } from '../lib/clock.ts'
import { describeKind } from '../lib/describe.ts'
import type { DefinableStore, SessionPolicy } from '../session/definition.ts'
import { emit, type Hooks, type SaveOutcome, type SessionEvent } from '../session/events.ts'
import type { Reader } from '../session/legacy-reader.ts'
import {
  defaultLifetime,
  type FullLifetime,
  fullLifetime,
  isRenewalDue,
  type Lifetime,
  ownLifetime,
} from '../session/lifetime.ts'
import {
  encodeMetadata,
  isSameMetadata,
  type SessionMarks,
  type SessionMetadata,
  unmarked,
} from '../session/metadata.ts'
import { registry } from '../session/registry.ts'
import { type Reason, Session, type SessionState, type Values } from '../session/session.ts'
import type { Capability, ReadOptions } from '../session/store.ts'
import { assertFits } from './cookie/cookie-size.ts'
import { isEmpty, isInitial, isPlainObject, isSameAsRead, serialized } from './serialized.ts'
import { SessionCookies } from './session-cookies.ts'
import { StoredSession } from './stored-session.ts'

/** What every store of this library can be told. Either `keys` or `codecs` is needed. */
export interface CodecStoreOptions extends Hooks {
  /** Secret keys, newest first, for {@link Sealed} texts: the first seals, all open. */
  keys?: KeyList | Keyring
  /** Codecs of your choice, newest first: the first writes, all read. */
  codecs?: readonly Codec[]
  /** Cookie attributes, on top of {@link defaultOptions}. */
  options?: Options
  /**
   * Which proxies to believe that a request came over HTTPS, for `secure: 'auto'`: how many there are,
   * or a function as `trustedAddresses` of `silverback/proxies` makes it. Default none.
   */
  trustProxy?: TrustProxy
  /** How long sessions live. With `codecs`, which have limits of their own, there is none to set. */
  lifetime?: Lifetime
  /**
   * When the place that keeps sessions fails to answer: reject (`'throw'`, the default), or go on with
   * an empty session whose reason is `store-failed` (`'anonymous'`). Its saves do nothing, so that the
   * visitor's cookie stays as it is; one that signs in, rotates or destroys it rejects all the same.
   */
  onStoreFailure?: 'throw' | 'anonymous'
  /** Readers for the cookies of other libraries, asked in order when there is no session of ours. */
  legacyReaders?: readonly Reader[]
  /**
   * Save sessions that did not change, as Go does at every `Save`, also when they are new and
   * empty. Default false: nothing is written and no cookie set without a reason.
   */
  saveUnchanged?: boolean
  /**
   * With `keys`, memory for cookies that were opened before, in bytes. 0 = none. Default 1 MiB. Codecs
   * of your choice have a setting of their own.
   */
  cacheBytes?: number
  /** The clock: Unix time in seconds. With `codecs`, give them the same. */
  now?: () => number
}

/** What differs between the sealed codecs of a store. */
type SealedSettings = Omit<SealedOptions, 'keys' | 'purpose'>

/** What a request asks of a store beside the text in its cookie. */
export interface Reading extends ReadOptions {
  readonly request: RequestLike
}

/** What a save did, and the cookies that it takes. */
interface Saved {
  readonly outcome: SaveOutcome
  readonly cookies: readonly Cookie[]
}

/** No refusals. */
const none: readonly ErrorCode[] = []

const dropped: Saved = { outcome: 'dropped', cookies: [] }

/**
 * A store whose texts are made by codecs, with one set of cookie attributes for its sessions.
 * What differs between such stores is what the text in the cookie stands for.
 */
export abstract class CodecStore implements DefinableStore {
  /** Codecs, newest first. */
  readonly codecs: readonly Codec[]
  /** Cookie attributes that new sessions get a copy of. */
  options: Options
  /** Save sessions that did not change, also new and empty ones. */
  saveUnchanged: boolean
  /** @internal Those whose age limit {@link maxAge} sets. */
  protected readonly agingCodecs: Codec[]
  readonly #legacyReaders: readonly Reader[]
  readonly #cookies: SessionCookies
  readonly #keyring: Keyring | undefined
  readonly #init: CodecStoreOptions
  readonly #policies = new Map<string, SessionPolicy & { readonly lifetime: FullLifetime }>()
  #lifetime: FullLifetime
  readonly #onStoreFailure: 'throw' | 'anonymous'
  /** @internal */
  protected readonly now: () => number

  /** @internal `purpose` keeps the texts of one kind of store from those of another. */
  protected constructor(options: CodecStoreOptions, purpose: string, settings?: SealedSettings) {
    // One ring for all codecs of the store.
    this.#keyring = options.keys && ringOf(options.keys)
    this.#init = options
    this.now = options.now ?? unixSeconds
    this.#lifetime = this.#fullLifetime(options)
    this.codecs = this.codecsFor(purpose, settings)
    this.agingCodecs = [...this.codecs]
    this.options = { ...defaultOptions, ...options.options }
    this.saveUnchanged = options.saveUnchanged ?? false
    this.#legacyReaders = [...(options.legacyReaders ?? [])]
    this.#onStoreFailure = options.onStoreFailure ?? 'throw'
    if (!['throw', 'anonymous'].includes(this.#onStoreFailure)) {
      const given = describeKind(this.#onStoreFailure)
      throw new TypeError(`onStoreFailure must be 'throw' or 'anonymous', not ${given}`)
    }
    assertOptions(this.options)
    if (options.trustProxy !== undefined) assertTrustProxy(options.trustProxy)
    this.#cookies = new SessionCookies(this.#legacyReaders, options.trustProxy)
  }

  /** What this store can do beside reading and saving. */
  get capabilities(): ReadonlySet<Capability> {
    return new Set<Capability>(this.keepsMetadata ? ['metadata', 'lifetimes'] : [])
  }

  /** @internal Whether what is said beside the values has a place: Go's envelope has none. */
  protected get keepsMetadata(): boolean {
    return this.#keyring !== undefined
  }

  /** @internal The session that the text in the cookie stands for. */
  protected abstract read<T extends object>(
    name: string,
    text: string,
    reading: Reading,
  ): Session<T> | Promise<Session<T>>

  /** @internal Keeps the session; answers the text for its cookie, or undefined when it has ended. */
  protected abstract write(
    session: Session<object>,
  ): string | undefined | Promise<string | undefined>

  /** @internal Forgets what the store keeps of the session. */
  protected abstract erase(session: Session<object>): void | Promise<void>

  /** @internal Whether every session was ended once. */
  protected hasEndedEverything(): boolean | Promise<boolean> {
    return false
  }

  /** @internal Cookies beside the one of the session, when it was read or written. */
  protected companions(
    _session: Session<object>,
    _request: RequestLike,
    _outcome: SaveOutcome,
  ): readonly Cookie[] {
    return []
  }

  /** @internal How often the last save of the session was written again, because others saved first. */
  protected conflictsOf(_session: Session<object>): number {
    return 0
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
    const since = performance.now()
    const text = readValue(request, name)
    let session: Session<T>
    try {
      const waiting = this.#keyring?.ready()
      if (waiting) await waiting
      session = await this.#read<T>(name, text, { request, ...options })
    } catch (error) {
      this.#fails('read', error, request)
      if (this.#onStoreFailure === 'throw' || !isStoreFailure(error)) throw error
      session = this.begin<T>(name, 'store-failed')
    }
    const policy = this.#policies.get(name)
    if (policy?.load) await this.#load(session, policy)
    this.#tellRead(session, text, since, request)
    return session
  }

  /** The session of a WebSocket's upgrade, of which there are only headers: `new` with these. */
  fromHeaders<T extends object = Values>(
    headers: RequestWithHeaders['headers'],
    name: string,
    options?: ReadOptions,
  ): Promise<Session<T>> {
    return this.new<T>({ headers }, name, options)
  }

  /** @internal See {@link DefinableStore}. */
  define(name: string, policy: SessionPolicy): void {
    if (this.#policies.has(name)) throw new TypeError(`session "${name}" is defined already`)
    if (!this.keepsMetadata && Object.keys(policy.lifetime).length > 0) {
      throw new TypeError('this store keeps no lifetimes: its codecs have limits of their own')
    }
    if (!this.keepsMetadata && policy.version > 1) {
      throw new TypeError('this store keeps no versions: its codecs have no place for them')
    }
    assertOptions({ ...this.options, ...policy.options })
    const lifetime = fullLifetime(policy.lifetime, this.#lifetime)
    this.#policies.set(name, { ...policy, lifetime })
    for (const codec of this.agingCodecs) {
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
    const since = performance.now()
    const headers = headersOf(response)
    headers.varyOnCookie()
    try {
      this.#respond(request, headers, session, await this.#save(session), since)
    } catch (error) {
      this.#fails('save', error, request)
      throw error
    }
  }

  saveAtOnce(request: RequestLike, response: ResponseLike, session: Session<object>): boolean {
    const since = performance.now()
    const saved = this.#withoutWriting(session)
    if (!saved) return false
    const headers = headersOf(response)
    headers.varyOnCookie()
    this.#respond(request, headers, session, saved, since)
    return true
  }

  #respond(
    request: RequestLike,
    headers: ResponseHeaders,
    session: Session<object>,
    { outcome, cookies }: Saved,
    since: number,
  ): void {
    const others = this.companions(session, request, outcome)
    this.#cookies.set(request, headers, session, cookies, others)
    const conflicts = this.conflictsOf(session)
    const { name } = session
    this.tell(
      {
        type: 'save',
        name,
        store: this.constructor.name,
        outcome,
        conflicts,
        durationMs: past(since),
      },
      request,
    )
  }

  /** How a session is saved of which nothing has to be written; undefined for every other. */
  #withoutWriting(session: Session<object>): Saved | undefined {
    const { ended } = StoredSession.progressOf(session)
    if (ended || (session.isReadOnly && !isMeant(session))) return dropped
    if (session.reason === 'store-failed') return changesHands(session) ? undefined : dropped
    const policy = this.#policies.get(session.name)
    if (!session.isDestroyed) policy?.beforeSave?.(session, this.now())
    return this.#isUnchanged(session) ? { outcome: 'unchanged', cookies: [] } : undefined
  }

  async #save(session: Session<object>): Promise<Saved> {
    const unwritten = this.#withoutWriting(session)
    if (unwritten) return unwritten
    if (session.reason === 'store-failed') throw unreadable(session)
    const progress = StoredSession.progressOf(session)
    const waiting = this.#keyring?.ready()
    if (waiting) await waiting
    // Before anything is written: attributes that browsers would refuse leave nothing behind.
    assertCookie(session.name, session.options)
    this.#assertKept(session)
    const saved =
      session.isDestroyed || isDeletion(session.options)
        ? await this.#end(session)
        : await this.#keep(session)
    progress.saved = saved.cookies.length > 0
    progress.ended = session.isDestroyed
    return saved
  }

  async #end(session: Session<object>): Promise<Saved> {
    await this.erase(session)
    return { outcome: 'destroyed', cookies: [deletionOf(session.name, session.options)] }
  }

  /** The cookies of the session; none when it has ended meanwhile. */
  async #keep(session: Session<object>): Promise<Saved> {
    const rotation = Session.rotationOf(session)
    const { lifetime } = StoredSession.progressOf(session)
    if (!isSameLifetime(lifetime, session.lifetime)) {
      session.lifetime = fullLifetime(session.lifetime, this.lifetimeOf(session.name))
    }
    const text = await this.write(session)
    Session.forgetChanges(session)
    if (text === undefined) return dropped
    const options = { ...session.options, maxAge: this.#cookieAge(session) }
    const cookies = this.pieces(session, text).map(({ name, value }) =>
      cookieOf(name, value, options),
    )
    return { outcome: rotation ? 'rotated' : 'saved', cookies }
  }

  /** The Max-Age of the cookie: no longer than the session may live. */
  #cookieAge({ options, lifetime, name, createdAt }: Session<object>): number | 'session' {
    const { maxAge = 'session' } = options
    if (maxAge === 'session' || !this.keepsMetadata) return maxAge
    const absolute = Math.min(lifetime.absolute, this.lifetimeOf(name).absolute)
    const age = this.now() - (createdAt ?? this.now())
    return Math.max(1, Math.min(maxAge, absolute - age))
  }

  /**
   * Sets how long sessions live, in seconds: the cookies' Max-Age and the age that codecs accept.
   * 0 or less ends every session of this store.
   */
  maxAge(seconds: number): void {
    this.setMaxAge(seconds, seconds > 0 ? seconds : -1)
  }

  /** @internal The cookies' and the codecs' part of {@link maxAge}, where they differ. */
  protected setMaxAge(maxAge: number | 'session', codecMaxAge: number): void {
    assertOptions({ maxAge })
    this.options.maxAge = maxAge
    if (codecMaxAge > 0) {
      const lifetime = { idle: codecMaxAge, absolute: longestLife(codecMaxAge) }
      this.#lifetime = fullLifetime(lifetime, this.#lifetime)
    }
    for (const codec of this.agingCodecs) {
      codec.maxAge = codecMaxAge
      if (codec.maxLifetime !== undefined) codec.maxLifetime = longestLife(codecMaxAge)
    }
  }

  /** @internal The codecs given, or sealed ones with the keys given, for this purpose alone. */
  protected codecsFor(purpose: string, settings: SealedSettings = {}): readonly Codec[] {
    const { codecs, now, cacheBytes } = this.#init
    if ((this.#keyring === undefined) === (codecs === undefined)) {
      throw new TypeError('a store needs keys, or codecs in their place')
    }
    if (!this.#keyring) return [...(codecs as readonly Codec[])]
    return [
      new Sealed({
        keys: this.#keyring,
        purpose,
        ...(now && { now }),
        ...(cacheBytes !== undefined && { cacheBytes }),
        maxAge: this.#lifetime.idle,
        maxLifetime: this.#lifetime.absolute,
        ...settings,
      }),
    ]
  }

  /** @internal The cookies for a text. Throws when it needs more than one. */
  protected pieces(session: Session<object>, text: string): Piece[] {
    assertFits(session, text, maxCookieBytes, this.codecs)
    return [{ name: session.name, value: text }]
  }

  /** @internal How long sessions of this name live. */
  protected lifetimeOf(name: string): FullLifetime {
    return this.#policies.get(name)?.lifetime ?? this.#lifetime
  }

  /** @internal Tells hooks, subscribers and the request. */
  protected tell(event: SessionEvent, request?: RequestLike): void {
    if (request) registry(request).note(event)
    emit(this.#init, event)
  }

  /** @internal A session of which nothing was read, and why. */
  protected begin<T extends object>(
    name: string,
    reason: Reason,
    refusals: readonly ErrorCode[] = none,
  ): Session<T> {
    const { options, lifetime } = this.#stateOf(name)
    const state: SessionState<T> = { options, lifetime, now: this.now, reason }
    return new StoredSession<T>(this, name, state, {
      opened: undefined,
      metadata: {},
      refusals,
    })
  }

  /** @internal A session with what was read; a new one when that is no set of values, or too old. */
  protected resume<T extends object>(
    name: string,
    opened: Partial<Opened>,
    metadata: SessionMetadata,
    kept: Pick<SessionState, 'id' | 'isReadOnly' | 'isCopy'> = {},
  ): Session<T> {
    const { value, startedAt } = opened
    if (!isPlainObject(value)) return this.begin(name, 'malformed')
    const state = this.#stateOf(name)
    const lifetime = ownLifetime(metadata, state.lifetime)
    if (startedAt !== undefined && this.now() >= startedAt + lifetime.absolute) {
      return this.begin(name, 'expired')
    }
    // "Remember me" is remembered: what is saved again lasts as long as it was told to.
    const maxAge: Options['maxAge'] = metadata.untilClosed ? 'session' : opened.maxAge
    const options = maxAge === undefined ? state.options : { ...state.options, maxAge }
    // One by one: every request makes one, and spreading objects is slow.
    const known: SessionState<T> = {
      options,
      lifetime,
      usual: state,
      now: this.now,
      id: kept.id,
      values: value as T,
      renewal: this.renewalOf(opened, lifetime),
      owner: metadata.owner,
      label: metadata.label,
      createdAt: startedAt,
      authenticatedAt: metadata.authenticatedAt,
      isReadOnly: kept.isReadOnly,
      isCopy: kept.isCopy,
    }
    return new StoredSession<T>(this, name, known, { opened, metadata, refusals: none })
  }

  /** @internal Why the session is to be written although nothing changed. */
  protected renewalOf(
    { renewal, issuedAt, startedAt, maxAge }: Partial<Opened>,
    lifetime: FullLifetime,
  ): Renewal | undefined {
    if (renewal !== undefined && renewal !== 'age') return renewal
    if (issuedAt === undefined || startedAt === undefined) return renewal
    return isRenewalDue(this.now() - issuedAt, maxAge, lifetime) ? 'age' : undefined
  }

  #stateOf(name: string): {
    readonly options: Options
    readonly lifetime: FullLifetime
    readonly now: () => number
  } {
    const policy = this.#policies.get(name)
    return {
      options: policy ? { ...this.options, ...policy.options } : this.options,
      lifetime: policy?.lifetime ?? this.#lifetime,
      now: this.now,
    }
  }

  /** @internal What the texts of this session say of it besides its values. */
  protected contextOf(session: Session<object>): EncodeContext {
    const { maxAge } = session.options
    const { idle } = session.lifetime
    return {
      startedAt: session.createdAt,
      maxAge: typeof maxAge === 'number' ? maxAge : undefined,
      idle: idle === this.#lifetime.idle ? undefined : idle,
    }
  }

  /** @internal What the store itself notes beside the values. */
  protected marksOf(_session: Session<object>): SessionMarks {
    return unmarked
  }

  /** @internal What is kept beside the values. */
  protected metadataOf(session: Session<object>): SessionMetadata {
    const { owner, label, authenticatedAt, lifetime, name } = session
    const { rotatedAt, epoch, ownerEpoch, generation, lineage } = this.marksOf(session)
    const usual = this.lifetimeOf(name)
    const policy = this.#policies.get(name)
    const { version = 1 } = policy ?? {}
    const { maxAge } = policy ? { ...this.options, ...policy.options } : this.options
    const isUntilClosed = typeof maxAge === 'number' && typeof session.options.maxAge !== 'number'
    return {
      authenticatedAt,
      rotatedAt,
      idle: lifetime.idle === usual.idle ? undefined : lifetime.idle,
      absolute: lifetime.absolute < usual.absolute ? lifetime.absolute : undefined,
      version: version === 1 ? undefined : version,
      epoch,
      ownerEpoch,
      generation,
      untilClosed: isUntilClosed ? 1 : undefined,
      owner: owner || undefined,
      label: label || undefined,
      lineage,
    }
  }

  /** @internal What was kept beside the values when the session was read. */
  protected metadataRead(session: Session<object>): SessionMetadata {
    return StoredSession.progressOf(session).metadata
  }

  /** @internal The serialized values that are kept of the session, as far as this request knows. */
  protected payloadRead(session: Session<object>): Uint8Array | undefined {
    return StoredSession.progressOf(session).opened?.payload
  }

  /** @internal The text of the session's values, and of what is kept beside them. */
  protected encodeValues(session: Session<object>, codecs: readonly Codec[]): string {
    const { serialized } = StoredSession.progressOf(session)
    const metadata = this.keepsMetadata ? encodeMetadata(this.metadataOf(session)) : undefined
    // One by one: spreading takes as long as a hash here.
    const { startedAt, maxAge, idle } = this.contextOf(session)
    const context: EncodeContext = { startedAt, maxAge, idle, serialized, metadata }
    return encodeMulti(session.name, session.values, codecs, context)
  }

  #read<T extends object>(
    name: string,
    text: string | undefined,
    reading: Reading,
  ): Promise<Session<T>> | Session<T> {
    const read =
      text === undefined ? this.begin<T>(name, 'no-cookie') : this.read<T>(name, text, reading)
    if (this.#legacyReaders.length === 0) return read
    return this.#readOrAdopt(name, read, reading.request)
  }

  async #readOrAdopt<T extends object>(
    name: string,
    read: Session<T> | Promise<Session<T>>,
    request: RequestLike,
  ): Promise<Session<T>> {
    const session = await read
    return session.isNew ? ((await this.#adopt<T>(request, name)) ?? session) : session
  }

  async #load(session: Session<object>, policy: SessionPolicy): Promise<void> {
    const progress = StoredSession.progressOf(session)
    await policy.load?.(session, progress.metadata.version ?? 1, this.now())
    if (!session.isNew) return
    policy.beforeSave?.(session, this.now())
    progress.initial = serialized(session.values, json)?.bytes
  }

  #tellRead(
    session: Session<object>,
    text: string | undefined,
    since: number,
    request: RequestLike,
  ): void {
    const { name, isNew, reason, isCopy } = session
    const { refusals } = StoredSession.progressOf(session)
    const event: SessionEvent = {
      type: 'session',
      name,
      store: this.constructor.name,
      isNew,
      reason,
      cookieBytes: text?.length,
      refusals,
      fromCache: isCopy,
      durationMs: past(since),
    }
    this.tell(event, request)
    if (reason && text !== undefined) this.tell({ ...event, type: 'reject', reason }, request)
  }

  #fails(operation: string, error: unknown, request: RequestLike): void {
    if (!isStoreFailure(error)) return
    this.tell({ type: 'store-error', store: this.constructor.name, operation, error }, request)
  }

  /** Throws `not-kept` for what the store has no place for: it would be lost without a word. */
  #assertKept(session: Session<object>): void {
    if (this.keepsMetadata || session.isDestroyed) return
    const { owner, label, authenticatedAt } = session
    const { lifetime } = StoredSession.progressOf(session)
    const isAsUsual = isSameLifetime(lifetime, session.lifetime)
    if (owner || label || authenticatedAt !== undefined || !isAsUsual) {
      throw new SessionError(
        'not-kept',
        `session "${session.name}" has an owner, a label or a lifetime of its own, which its store has no place for`,
      )
    }
  }

  #fullLifetime({ lifetime, options }: CodecStoreOptions): FullLifetime {
    if (lifetime && !this.keepsMetadata)
      throw new TypeError('lifetime needs keys: codecs have limits of their own')
    const absolute = longestLife(options?.maxAge)
    return fullLifetime(lifetime ?? {}, { ...defaultLifetime, absolute })
  }

  /** A session that another library keeps, if there is one. */
  async #adopt<T extends object>(
    request: RequestLike,
    name: string,
  ): Promise<Session<T> | undefined> {
    for (const reader of this.#legacyReaders) {
      const value = await reader.read(name, cookie => readCookies(request, cookie)[0])
      if (!value) continue
      // Nobody knows when it began: before everything was ended, most likely.
      if (await this.hasEndedEverything()) return this.begin<T>(name, 'revoked')
      return this.resume<T>(name, { value, renewal: 'foreign' }, {})
    }
    return undefined
  }

  /** True when there is no reason to write the session. */
  #isUnchanged(session: Session<object>): boolean {
    const progress = StoredSession.progressOf(session)
    progress.serialized = undefined
    if (session.isDestroyed) return session.reason === 'no-cookie' && !progress.saved
    if (this.saveUnchanged || progress.saved || session.renewal) return false
    const rotation = Session.rotationOf(session)
    if (rotation && !(rotation === 'rotate' && session.isNew)) return false
    if (!sameOptions(progress.options, session.options)) return false
    if (!isSameMetadata(this.metadataOf(session), progress.metadata)) return false
    if (session.isNew) return isEmpty(session.values) || isInitial(session.values, progress.initial)
    progress.serialized = serialized(session.values, progress.opened?.serializer)
    return isSameAsRead(progress.serialized, this.payloadRead(session))
  }
}

/** 30 days, or as long as the sessions of a store are told to last. */
function longestLife(maxAge: number | 'session' | undefined): number {
  return Math.max(thirtyDays, typeof maxAge === 'number' ? maxAge : 0)
}

function ringOf(keys: KeyList | Keyring): Keyring {
  return keys instanceof Keyring ? keys : new Keyring(keys)
}

function isSameLifetime(a: FullLifetime, b: FullLifetime): boolean {
  return a.idle === b.idle && a.absolute === b.absolute && a.renewAfter === b.renewAfter
}

/** What is done whatever id the request came with: a sign-in, a proof of who it is, a sign-out. */
function isMeant(session: Session<object>): boolean {
  const rotation = Session.rotationOf(session)
  const isProven = rotation === 'login' || rotation === 'elevate'
  return isProven || session.isDestroyed || isDeletion(session.options)
}

/** Of a session that could not be read changes are dropped, but no change of who it belongs to. */
function changesHands(session: Session<object>): boolean {
  return isMeant(session) || Boolean(Session.rotationOf(session) || session.owner)
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

/** Milliseconds since. */
function past(since: number): number {
  return performance.now() - since
}
