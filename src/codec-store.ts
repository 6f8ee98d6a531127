/**
 * What the stores that sign with codecs have in common.
 *
 * @module
 */

import { equalBytes } from '#crypto'
import { type Codec, type EncodeContext, type Opened, openMulti } from './codec/codec.ts'
import type { KeyList, Keyring } from './codec/keyring.ts'
import { Sealed } from './codec/sealed.ts'
import { type ErrorCode, MultiError, SessionError } from './errors.ts'
import type { RequestLike } from './http/request.ts'
import type { ResponseLike } from './http/response.ts'
import { type Keyed, keyed } from './keyed.ts'
import { assertOptions, defaultOptions, type Options, sameOptions } from './options.ts'
import { registry } from './registry.ts'
import { type Reason, Session, type Values } from './session.ts'
import type { Store } from './store.ts'

/** What every store of this library can be told. Either `keys` or `codecs` is needed. */
export interface CodecStoreOptions {
  /** Secret keys, newest first, for {@link Sealed} texts: the first seals, all open. */
  keys?: KeyList | Keyring
  /** Codecs of your choice, newest first: the first writes, all read. */
  codecs?: readonly Codec[]
  /** Cookie attributes, on top of {@link defaultOptions}. */
  options?: Options
  /**
   * Save sessions that did not change, as Go does at every `Save`, also when they are new and
   * empty. Default false: nothing is written and no cookie set without a reason.
   */
  saveUnchanged?: boolean
}

/** Where a session stood when it was read; what `save` compares with. */
interface Loaded {
  readonly opened: Partial<Opened> | undefined
  readonly options: Options
}

/** A store whose texts are made by codecs, with one set of cookie attributes for its sessions. */
export abstract class CodecStore implements Store {
  /** Codecs, newest first. */
  readonly codecs: readonly Codec[]
  /** Cookie attributes that new sessions get a copy of. */
  readonly options: Options
  /** @internal Those whose age limit {@link maxAge} sets. */
  protected readonly agingCodecs: Codec[]
  readonly #saveUnchanged: boolean
  readonly #loaded = new WeakMap<Session<object>, Loaded>()

  /** @internal `purpose` keeps the texts of one kind of store from those of another. */
  protected constructor(init: CodecStoreOptions, purpose: string) {
    this.codecs = codecsFor(init, purpose)
    this.agingCodecs = [...this.codecs]
    this.options = { ...defaultOptions, ...init.options }
    this.#saveUnchanged = init.saveUnchanged ?? false
    assertOptions(this.options)
  }

  get<T extends object = Values>(request: RequestLike, name: string): Promise<Session<T>> {
    return registry(request).get<T>(this, name)
  }

  abstract new<T extends object = Values>(request: RequestLike, name: string): Promise<Session<T>>

  abstract save(
    request: RequestLike,
    response: ResponseLike,
    session: Session<object>,
  ): Promise<void>

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
    for (const codec of this.agingCodecs) codec.maxAge = codecMaxAge
  }

  /** @internal A session of which nothing was read, and why. */
  protected begin<T extends object>(name: string, reason: Reason): Session<T> {
    return this.#remember(new Session<T>(this, name, { options: this.options, reason }))
  }

  /** @internal A session with what was read; a new one when that is no set of values. */
  protected resume<T extends object>(
    name: string,
    opened: Partial<Opened>,
    id?: string,
  ): Session<T> {
    const { value } = opened
    if (!isPlainObject(value)) return this.begin(name, 'malformed')
    const { renewal } = opened
    const state = { options: this.options, values: value as T, id, renewal }
    return this.#remember(new Session<T>(this, name, state), opened)
  }

  #remember<T extends object>(session: Session<T>, opened?: Partial<Opened>): Session<T> {
    this.#loaded.set(session, { opened, options: { ...session.options } })
    return session
  }

  /** @internal What the texts of this session say of it besides its values. */
  protected contextOf(session: Session<object>): EncodeContext {
    const { maxAge } = session.options
    const startedAt = this.#loaded.get(session)?.opened?.startedAt
    return { startedAt, maxAge: typeof maxAge === 'number' ? maxAge : undefined }
  }

  /** @internal True when there is no reason to write the session. */
  protected isUnchanged(session: Session<object>): boolean {
    const loaded = this.#loaded.get(session)
    if (this.#saveUnchanged || !loaded || session.renewal) return false
    if (!sameOptions(loaded.options, session.options)) return false
    return session.isNew ? isEmpty(session.values) : holdsWhatWasRead(session.values, loaded.opened)
  }
}

/** The codecs of a store: those given, or sealed ones with the keys given. */
export function codecsFor(init: CodecStoreOptions, purpose: string): readonly Codec[] {
  if ((init.keys === undefined) === (init.codecs === undefined)) {
    throw new TypeError('a store needs keys, or codecs in their place')
  }
  if (init.codecs) return [...init.codecs]
  return [new Sealed({ keys: init.keys as KeyList | Keyring, purpose })]
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

/** Compared in serialized form, so that a change deep inside counts. */
function holdsWhatWasRead(values: object, opened: Partial<Opened> = {}): boolean {
  const { payload, serializer } = opened
  if (!payload || !serializer) return false
  const current = serializer.serialize(values)
  // What another program wrote may have another form of the same: there the second look tells.
  return (
    equalBytes(current, payload) ||
    equalBytes(current, serializer.serialize(serializer.deserialize(payload)))
  )
}

/** The text opened, or why it cannot be. Throws only when the store is configured wrongly. */
export function openText(
  name: string,
  text: string,
  codecs: readonly Codec[],
): { opened: Partial<Opened> } | { reason: Reason } {
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
