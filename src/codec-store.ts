/**
 * What the stores that sign with codecs have in common.
 *
 * @module
 */

import { equalBytes } from '#crypto'
import { thirtyDays } from './clock.ts'
import {
  type Codec,
  type EncodeContext,
  encodeMulti,
  type Opened,
  openMulti,
  type Serialized,
} from './codec/codec.ts'
import { type KeyList, Keyring } from './codec/keyring.ts'
import { Sealed, type SealedOptions } from './codec/sealed.ts'
import type { Serializer } from './codec/serializers/serializer.ts'
import { type ErrorCode, MultiError, SessionError } from './errors.ts'
import { assertFits } from './fits.ts'
import { chunkNames, leftoverChunks, maxCookieBytes, type Piece, readValue } from './http/chunks.ts'
import { assertCookie, type Cookie, cookieOf, deletionOf } from './http/cookie.ts'
import { type RequestLike, readCookies } from './http/request.ts'
import { headersOf, type ResponseHeaders, type ResponseLike } from './http/response.ts'
import { type Keyed, keyed } from './keyed.ts'
import type { Reader } from './migrate/reader.ts'
import { assertOptions, defaultOptions, isDeletion, type Options, sameOptions } from './options.ts'
import { registry } from './registry.ts'
import { type Reason, Session, type SessionState, type Values } from './session.ts'
import type { Store } from './store.ts'

/** What every store of this library can be told. Either `keys` or `codecs` is needed. */
export interface CodecStoreOptions {
  /** Secret keys, newest first, for {@link Sealed} texts: the first seals, all open. */
  keys?: KeyList | Keyring
  /** Codecs of your choice, newest first: the first writes, all read. */
  codecs?: readonly Codec[]
  /** Cookie attributes, on top of {@link defaultOptions}. */
  options?: Options
  /** Readers for the cookies of other libraries, asked in order when there is no session of ours. */
  accepts?: readonly Reader[]
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

/** Where a session stood when it was read, and what became of it since. */
interface Progress {
  readonly opened: Partial<Opened> | undefined
  readonly options: Options
  readonly owner: string | undefined
  saved: boolean
  /** The values as `save` found them. */
  serialized?: Serialized | undefined
}

/** A session that remembers where it stood. */
class StoredSession<T extends object> extends Session<T> {
  readonly #progress: Progress

  constructor(
    store: Store,
    name: string,
    state: SessionState<T>,
    opened: Partial<Opened> | undefined,
  ) {
    super(store, name, state)
    const { options, owner } = state
    this.#progress = { opened, options: { ...options }, owner, saved: false }
  }

  /** Sessions that were made by hand stood nowhere: they are saved whatever they hold. */
  static progressOf(session: Session<object>): Progress {
    if (#progress in session) return (session as StoredSession<object>).#progress
    return { opened: undefined, options: {}, owner: undefined, saved: true }
  }
}

/**
 * A store whose texts are made by codecs, with one set of cookie attributes for its sessions.
 * What differs between such stores is what the text in the cookie stands for.
 */
export abstract class CodecStore implements Store {
  /** Codecs, newest first. */
  readonly codecs: readonly Codec[]
  /** Cookie attributes that new sessions get a copy of. */
  options: Options
  /** Save sessions that did not change, also new and empty ones. */
  saveUnchanged: boolean
  /** @internal Those whose age limit {@link maxAge} sets. */
  protected readonly agingCodecs: Codec[]
  readonly #accepts: readonly Reader[]
  readonly #keyring: Keyring | undefined
  readonly #init: CodecStoreOptions

  /** @internal `purpose` keeps the texts of one kind of store from those of another. */
  protected constructor(options: CodecStoreOptions, purpose: string, settings?: SealedSettings) {
    // One ring for all codecs of the store.
    this.#keyring = options.keys && ringOf(options.keys)
    this.#init = options
    this.codecs = this.codecsFor(purpose, settings)
    this.agingCodecs = [...this.codecs]
    this.options = { ...defaultOptions, ...options.options }
    this.saveUnchanged = options.saveUnchanged ?? false
    this.#accepts = [...(options.accepts ?? [])]
    assertOptions(this.options)
  }

  /** @internal The session that the text in the cookie stands for. */
  protected abstract read<T extends object>(
    name: string,
    text: string,
  ): Session<T> | Promise<Session<T>>

  /** @internal Keeps the session; answers the text for its cookie, or undefined when it has ended. */
  protected abstract write(
    session: Session<object>,
  ): string | undefined | Promise<string | undefined>

  /** @internal Forgets what the store keeps of the session. */
  protected abstract erase(session: Session<object>): void | Promise<void>

  get<T extends object = Values>(request: RequestLike, name: string): Promise<Session<T>> {
    return registry(request).get<T>(this, name)
  }

  async new<T extends object = Values>(request: RequestLike, name: string): Promise<Session<T>> {
    const waiting = this.#keyring?.ready()
    if (waiting) await waiting
    const text = readValue(request, name)
    const read = text === undefined ? this.begin<T>(name, 'no-cookie') : this.read<T>(name, text)
    const session = read instanceof Promise ? await read : read
    if (!session.isNew || this.#accepts.length === 0) return session
    return (await this.#adopt<T>(request, name)) ?? session
  }

  async save(
    request: RequestLike,
    response: ResponseLike,
    session: Session<object>,
  ): Promise<void> {
    const headers = headersOf(response)
    headers.varyOnCookie()
    if (this.#isUnchanged(session)) return
    const waiting = this.#keyring?.ready()
    if (waiting) await waiting
    // Before anything is written: attributes that browsers would refuse leave nothing behind.
    assertCookie(session.name, session.options)
    const cookies = isDeletion(session.options)
      ? await this.#end(session)
      : await this.#keep(session)
    if (cookies.length === 0) return
    for (const cookie of cookies) headers.setCookie(cookie)
    for (const name of this.#leftovers(request, headers, session.name, cookies.length)) {
      headers.setCookie(deletionOf(name, session.options))
    }
    headers.forbidCaching()
    StoredSession.progressOf(session).saved = true
  }

  async #end(session: Session<object>): Promise<Cookie[]> {
    await this.erase(session)
    return [deletionOf(session.name, session.options)]
  }

  /** The cookies of the session; none when it has ended meanwhile. */
  async #keep(session: Session<object>): Promise<Cookie[]> {
    const text = await this.write(session)
    if (text === undefined) return []
    return this.pieces(session, text).map(({ name, value }) =>
      cookieOf(name, value, session.options),
    )
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
    for (const codec of this.agingCodecs) {
      codec.maxAge = codecMaxAge
      if (codec.maxLifetime !== undefined) codec.maxLifetime = longestLife(codecMaxAge)
    }
  }

  /** @internal The codecs given, or sealed ones with the keys given, for this purpose alone. */
  protected codecsFor(purpose: string, settings: SealedSettings = {}): readonly Codec[] {
    const { codecs, now, cacheBytes, options } = this.#init
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
        maxLifetime: longestLife(options?.maxAge),
        ...settings,
      }),
    ]
  }

  /** @internal The cookies for a text. Throws when it needs more than one. */
  protected pieces(session: Session<object>, text: string): Piece[] {
    assertFits(session, text, maxCookieBytes, this.codecs)
    return [{ name: session.name, value: text }]
  }

  /** @internal A session of which nothing was read, and why. */
  protected begin<T extends object>(name: string, reason: Reason): Session<T> {
    return new StoredSession<T>(this, name, { options: this.options, reason }, undefined)
  }

  /** @internal A session with what was read; a new one when that is no set of values. */
  protected resume<T extends object>(
    name: string,
    opened: Partial<Opened>,
    kept: { readonly id?: string | undefined; readonly owner?: string | undefined } = {},
  ): Session<T> {
    const { value, renewal, maxAge } = opened
    if (!isPlainObject(value)) return this.begin(name, 'malformed')
    // "Remember me" is remembered: what is saved again lasts as long as it was told to.
    const options = maxAge === undefined ? this.options : { ...this.options, maxAge }
    const state = { options, values: value as T, renewal, ...kept }
    return new StoredSession<T>(this, name, state, opened)
  }

  /** @internal What the texts of this session say of it besides its values. */
  protected contextOf(session: Session<object>): EncodeContext {
    const { maxAge } = session.options
    const { startedAt } = StoredSession.progressOf(session).opened ?? {}
    return { startedAt, maxAge: typeof maxAge === 'number' ? maxAge : undefined }
  }

  /** @internal The text of the session's values. */
  protected encodeValues(session: Session<object>, codecs: readonly Codec[]): string {
    const { serialized } = StoredSession.progressOf(session)
    const context = { ...this.contextOf(session), serialized }
    return encodeMulti(session.name, session.values, codecs, context)
  }

  /** A session that another library keeps, if there is one. */
  async #adopt<T extends object>(
    request: RequestLike,
    name: string,
  ): Promise<Session<T> | undefined> {
    for (const reader of this.#accepts) {
      const value = await reader.read(name, cookie => readCookies(request, cookie)[0])
      if (value) return this.resume<T>(name, { value, renewal: 'foreign' })
    }
    return undefined
  }

  /** Cookies that would be read in place of the ones just set, or beside them. */
  #leftovers(
    request: RequestLike,
    headers: ResponseHeaders,
    name: string,
    count: number,
  ): string[] {
    const foreign = this.#accepts.flatMap(reader => reader.cookieNames(name))
    const brought = [...leftoverChunks(request, name, count), ...foreign].filter(
      other => other !== name && readCookies(request, other).length > 0,
    )
    const setBefore = headers.sets(`${name}.1`)
      ? chunkNames(name, count).filter(other => headers.sets(other))
      : []
    return [...new Set([...brought, ...setBefore])]
  }

  /** True when there is no reason to write the session. */
  #isUnchanged(session: Session<object>): boolean {
    const progress = StoredSession.progressOf(session)
    progress.serialized = undefined
    if (this.saveUnchanged || progress.saved || session.renewal) return false
    if (progress.owner !== session.owner) return false
    if (!sameOptions(progress.options, session.options)) return false
    if (session.isNew) return isEmpty(session.values)
    progress.serialized = serialized(session.values, progress.opened?.serializer)
    return isSameAsRead(progress.serialized, progress.opened?.payload)
  }
}

/** 30 days, or as long as the sessions of a store are told to last. */
function longestLife(maxAge: number | 'session' | undefined): number {
  return Math.max(thirtyDays, typeof maxAge === 'number' ? maxAge : 0)
}

function ringOf(keys: KeyList | Keyring): Keyring {
  return keys instanceof Keyring ? keys : new Keyring(keys)
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function isEmpty(values: object): boolean {
  const others = (values as Keyed)[keyed]
  return Object.keys(values).length === 0 && (others?.size ?? 0) === 0
}

/** Undefined when it cannot be serialized: then the codec will say why. */
function serialized(values: object, serializer: Serializer | undefined): Serialized | undefined {
  try {
    return serializer && { serializer, bytes: serializer.serialize(values) }
  } catch {
    return undefined
  }
}

/** Compared in serialized form, so that a change deep inside counts. */
function isSameAsRead(current: Serialized | undefined, payload: Uint8Array | undefined): boolean {
  if (!current || !payload) return false
  const { serializer, bytes } = current
  if (equalBytes(bytes, payload)) return true
  if (serializer.isCanonical) return false
  // What another program wrote may have another form of the same.
  return equalBytes(bytes, serializer.serialize(serializer.deserialize(payload)))
}

/** What a text holds and, where the store has ids, under which; or why it cannot be opened. */
export type OpenedText = { opened: Partial<Opened>; id?: string } | { reason: Reason }

/** Opens a text. Throws only when the store is configured wrongly. */
export function openText(name: string, text: string, codecs: readonly Codec[]): OpenedText {
  try {
    return { opened: openMulti(name, text, codecs) }
  } catch (error) {
    return { reason: reasonOf(error) }
  }
}

/** Decode errors by how far the checks came: of several codecs, the one that came furthest counts. */
const reasons: Partial<Record<ErrorCode, Reason>> = {
  'text-too-long': 'too-large',
  'base64-invalid': 'malformed',
  'key-unknown': 'unknown-key',
  'mac-invalid': 'bad-mac',
  'timestamp-invalid': 'malformed',
  'timestamp-too-new': 'too-new',
  'timestamp-expired': 'expired',
  'decryption-failed': 'malformed',
  'deserialize-failed': 'malformed',
}
const furthestLast = Object.keys(reasons)

function reasonOf(error: unknown): Reason {
  const errors = error instanceof MultiError ? error.errors : [error]
  const codes = errors.flatMap(each =>
    each instanceof SessionError && each.isDecode ? [each.code] : [],
  )
  codes.sort((a, b) => furthestLast.indexOf(b) - furthestLast.indexOf(a))
  const [furthest] = codes
  // Without a single decode error the store has no usable key: that is nobody's cookie.
  if (furthest === undefined) throw error
  return reasons[furthest] ?? 'malformed'
}
