/**
 * A session: what is kept of one visitor between requests.
 *
 * @module
 */

import type { Renewal } from '../codec/codec.ts'
import { type Keyed, keyed } from '../codec/non-string-keys.ts'
import { SessionError } from '../errors.ts'
import type { Options } from '../http/cookie-options.ts'
import type { RequestLike } from '../http/request.ts'
import type { ResponseLike } from '../http/response.ts'
import { assertInteger } from '../lib/assert-options.ts'
import { unixSeconds } from '../lib/clock.ts'
import { describeKind } from '../lib/describe.ts'
import { type FieldErrors, Flash, flashKey } from './flash.ts'
import type { FormLike, InputOptions } from './form-fields.ts'
import { defaultLifetime, type FullLifetime } from './lifetime.ts'
import { csrfKey } from './reserved-keys.ts'

/** What a session holds, unless it is typed: `store.get<{ userId?: number }>(request, 'login')`. */
export type Values = Record<string, unknown>

/** Why a session is new although the visitor may have had one. */
export type Reason =
  /** The request has no cookie of the name. */
  | 'no-cookie'
  /** The cookie is not in the form that this store writes. */
  | 'malformed'
  /** The cookie is longer than the store reads. */
  | 'too-large'
  /** The cookie was made with a key that the store does not have (any more). */
  | 'unknown-key'
  /** No key of the store signed this cookie under this name. */
  | 'bad-mac'
  /** The session is older than allowed. */
  | 'expired'
  /** The session is younger than allowed: the clocks of two machines differ. */
  | 'too-new'
  /** Nothing is kept under the id in the cookie. */
  | 'unknown-id'
  /** The session was ended: by its owner, elsewhere, or with all others. */
  | 'revoked'
  /** What is kept does not fit the schema of the session's definition. */
  | 'schema'
  /** The place that keeps sessions fails, and the store was told to go on without it. */
  | 'store-failed'

/** What a session needs of the store that it belongs to. A `Store` is one. */
export interface SessionSaver {
  /** Saves the session and sets its cookie. */
  save(request: RequestLike, response: ResponseLike, session: Session<object>): Promise<void>
  /** Takes pending flash messages out of the stored session, for {@link Session.takeFlashes}. */
  takeFlashes?(session: Session<object>, key: string): Promise<unknown[]>
}

/** What a store knows of a session when it makes one. */
export interface SessionState<T extends object = Values> {
  /** Cookie attributes; the session keeps a copy. */
  options: Options
  /** Id under which the store keeps the data, for stores that have ids. */
  id?: string | undefined
  /** The data read. Left out: none. */
  values?: T | undefined
  /** Why it is new. Left out: it is not. */
  reason?: Reason | undefined
  /** Why the next save writes it although nothing changed. Left out: it does not. */
  renewal?: Renewal | undefined
  /** Whose session it is. Left out: nobody's. */
  owner?: string | undefined
  /** What lists call it. */
  label?: string | undefined
  /** When it began, and when its owner last proved who they are: Unix times in seconds. */
  createdAt?: number | undefined
  authenticatedAt?: number | undefined
  /** How long it lives; the session keeps a copy. Left out: {@link defaultLifetime}. */
  lifetime?: FullLifetime | undefined
  /** What a session of its name begins with. Left out: what this one does. */
  usual?: Pick<SessionState, 'options' | 'lifetime'> | undefined
  /** Whether changes to it are not kept. Left out: false. */
  isReadOnly?: boolean | undefined
  /** Whether it comes from a copy in the browser. Left out: false. */
  isCopy?: boolean | undefined
  /** The clock: Unix time in seconds. */
  now?: (() => number) | undefined
}

/** Changes to a session that commute with those of another request. */
export interface MergeableChanges {
  /** Keys of lists that messages were added to or taken from. */
  readonly lists: ReadonlySet<string>
  /** By how much the numbers under these keys grew. */
  readonly increments: ReadonlyMap<string, number>
  /** Keys that are missing because their time had come when they were read. */
  readonly expired: ReadonlySet<string>
}

/** What the session becomes at its next save, beside keeping its values. */
export type Rotation =
  /** A new id for the same session. */
  | 'rotate'
  /** A new id because its owner has proved again who they are. */
  | 'elevate'
  /** A session of its own for an owner who signed in. */
  | 'login'

/**
 * One session of one request. Stores make it: `await store.get(request, 'name')`.
 *
 * What changes it, {@link login}, {@link rotate} and {@link destroy} included, happens at the next
 * save; adapters save before the response leaves.
 */
export class Session<T extends object = Values> {
  /** The name of the session and of its cookie. */
  readonly name: string
  /** The store that it came from and is saved to. */
  readonly store: SessionSaver
  /** True when it was read from a copy in the browser, without asking the place that keeps it. */
  readonly isCopy: boolean
  /** Why the next save writes it although nothing changed; undefined when it does not. */
  readonly renewal: Renewal | undefined
  /**
   * How long it lives, for this session alone: `session.lifetime.idle = 600`. `idle` and `absolute` are
   * remembered; `absolute` only where it is shorter than that of the store or definition.
   */
  lifetime: FullLifetime
  /** What a list of the owner's sessions calls it: `'Firefox on Linux'`. Kept beside the values. */
  label: string | undefined
  #options: Options
  #owner: string | undefined
  #values: T
  #reason: Reason | undefined
  #id: string | undefined
  #createdAt: number | undefined
  #authenticatedAt: number | undefined
  #rotation: Rotation | undefined
  #isDestroyed = false
  #isReadOnly: boolean
  readonly #usual: Pick<SessionState, 'options' | 'lifetime'>
  readonly #now: () => number
  #changes: Changes | undefined
  #flash: Flash | undefined

  /** For custom stores. */
  constructor(store: SessionSaver, name: string, state: SessionState<T>) {
    this.store = store
    this.name = name
    this.#options = { ...state.options }
    this.lifetime = { ...(state.lifetime ?? defaultLifetime) }
    this.#isReadOnly = state.isReadOnly ?? false
    this.isCopy = state.isCopy ?? false
    this.renewal = state.renewal
    this.label = state.label
    this.#owner = state.owner
    this.#usual = state.usual ?? state
    this.#values = state.values ?? ({} as T)
    this.#reason = state.reason
    this.#id = state.id
    this.#createdAt = state.createdAt
    this.#authenticatedAt = state.authenticatedAt
    this.#now = state.now ?? unixSeconds
  }

  /** Attributes of the cookie, for this session alone: `session.options.maxAge = 30 * 86_400`. */
  get options(): Options {
    return this.#options
  }

  /** Throws a TypeError for anything but an object. */
  set options(options: Options) {
    if (typeof options !== 'object' || options === null) {
      throw new TypeError(`session.options must be an object, not ${describeKind(options)}`)
    }
    this.#options = options
  }

  /** The data: whatever the store's serializer carries. */
  get values(): T {
    return this.#values
  }

  /**
   * Throws a TypeError for anything but an object, and a SessionError `session-destroyed` after
   * {@link destroy}.
   */
  set values(values: T) {
    this.#assertAlive()
    if (typeof values !== 'object' || values === null) {
      throw new TypeError(`session.values must be an object, not ${describeKind(values)}`)
    }
    this.#values = values
  }

  /**
   * Whose session it is, for stores that find sessions by owner. Kept beside the values. {@link login}
   * sets it for a visitor who signs in.
   */
  get owner(): string | undefined {
    return this.#owner
  }

  /**
   * Nobody: undefined or the empty text. Throws a TypeError for what is no text, and a SessionError
   * `session-destroyed` after {@link destroy}.
   */
  set owner(owner: string | undefined) {
    this.#assertAlive()
    if (owner) assertOwner(owner)
    this.#owner = owner
  }

  /** True when nothing was read for it: the visitor is new, or {@link reason} tells otherwise. */
  get isNew(): boolean {
    return this.#reason !== undefined
  }

  /** Why it is new; undefined when it is not. */
  get reason(): Reason | undefined {
    return this.#reason
  }

  /** The id under which the store keeps the data; undefined before the first save, or without ids. */
  get id(): string | undefined {
    return this.#id
  }

  /** When it began: Unix time in seconds. Undefined for a new one, and where stores cannot say. */
  get createdAt(): number | undefined {
    return this.#createdAt
  }

  /** When its owner last proved who they are: Unix time in seconds. */
  get authenticatedAt(): number | undefined {
    return this.#authenticatedAt
  }

  /**
   * True for a session that is read under an id it no longer has: what is changed in it is not kept.
   * {@link login}, {@link elevate} and {@link destroy} work.
   */
  get isReadOnly(): boolean {
    return this.#isReadOnly
  }

  /** True from {@link destroy} on. */
  get isDestroyed(): boolean {
    return this.#isDestroyed
  }

  /**
   * Signs `owner` in: the session gets a new id, its lifetime starts again, and the old id is dead
   * before the response leaves, so that an id that somebody planted or saw is worth nothing (session
   * fixation, ASVS 7.2.4). What the session was told before goes with it: its label, its lifetime,
   * {@link remember}.
   *
   * @param owner - who signed in, as {@link owner}
   * @param keep - keys of the values that the visitor takes along, such as a cart. Nothing else of what
   *   the session held goes over
   * @throws TypeError when `owner` is empty or no string
   */
  login(owner: string, { keep = [] }: { keep?: readonly (keyof T & string)[] } = {}): void {
    this.#assertAlive()
    assertOwner(owner)
    for (const key of Object.keys(this.#values) as (keyof T & string)[]) {
      if (!keep.includes(key)) delete this.#values[key]
    }
    delete (this.#values as Keyed)[keyed]
    this.#startAgain('login')
    this.#owner = owner
    this.label = undefined
    this.options.maxAge = this.#usual.options.maxAge
    this.lifetime = { ...(this.#usual.lifetime ?? defaultLifetime) }
  }

  /**
   * Notes that the owner has just proved again who they are, by a password or a second factor. The
   * session keeps its values, gets a new id, and its lifetime starts again (NIST SP 800-63B-4 §5.2).
   */
  elevate(): void {
    this.#assertAlive()
    this.#startAgain('elevate')
  }

  /**
   * True when its owner proved who they are less than `seconds` ago: what sensitive pages ask
   * (ASVS 7.5.1). Use of the session does not prolong it.
   */
  authenticatedWithin(seconds: number): boolean {
    assertInteger('seconds', seconds)
    // A clock that jumped back makes nothing fresh.
    return (
      this.#authenticatedAt !== undefined && Math.abs(this.#now() - this.#authenticatedAt) < seconds
    )
  }

  /** Gives the session a new id, for a change of rights. Values and lifetime stay. */
  rotate(): void {
    this.#assertAlive()
    this.#rotation ??= 'rotate'
    this.#forgetToken()
  }

  /**
   * Ends the session, for good: the next save removes what is kept of it, and its cookie; a slower
   * request does not bring it back. Its values are gone at once, and changing them is an error.
   */
  destroy(): void {
    this.#isDestroyed = true
    this.#values = ended as T
    clear(this.#changes)
    this.#owner = undefined
    this.label = undefined
    this.#authenticatedAt = undefined
  }

  /**
   * "Remember me": whether the cookie outlives the browser, and for how long. Of a visitor who signs
   * in: after {@link login}.
   *
   * @param keep - true: for as long as the session may live at all (`lifetime.absolute`); a number of
   *   seconds without a request; false: until the browser closes
   */
  remember(keep: boolean | number = true): void {
    if (typeof keep === 'number') assertInteger('seconds', keep)
    const told = keep === true ? this.lifetime.absolute : keep
    this.options.maxAge = told === false ? 'session' : told
  }

  /**
   * Takes over what another session holds, a guest's cart say.
   *
   * @param keys - which keys. Left out: all that do not begin with `_`, which are the session's own
   * @param combine - the value for a key that both have. Left out: this session's stays
   */
  mergeFrom<Other extends object>(
    other: Session<Other>,
    {
      keys = Object.keys(other.values).filter(key => !key.startsWith('_')),
      combine = (mine): unknown => mine,
    }: {
      keys?: readonly string[]
      combine?: (mine: unknown, theirs: unknown, key: string) => unknown
    } = {},
  ): void {
    this.#assertAlive()
    const theirs = other.values as Values
    for (const key of keys.filter(key => Object.hasOwn(theirs, key))) {
      const mine = Object.hasOwn(this.#values, key)
      const value = mine ? combine((this.#values as Values)[key], theirs[key], key) : theirs[key]
      this.#set(key, value)
    }
  }

  /** Gives the session its id. For custom stores; an id must never come from the client. */
  static assignId(session: Session<object>, id: string | undefined): void {
    session.#id = id
    session.#isReadOnly = false
  }

  /** What the next save has to make of the session's id. For custom stores. */
  static rotationOf(session: Session<object>): Rotation | undefined {
    return session.#rotation
  }

  /**
   * The changes that two requests can both make, for stores that merge: the lists that messages were
   * added to or taken from, and how much numbers grew. For custom stores.
   */
  static mergeableChanges(session: Session<object>): MergeableChanges {
    return session.#changes ?? noChanges
  }

  /** Begins a new list of changes, when a store has saved the ones so far. For custom stores. */
  static forgetChanges(session: Session<object>): void {
    clear(session.#changes)
    session.#rotation = undefined
  }

  /** @internal The session with other values, and a reason to count as new. */
  static replace(session: Session<object>, values: object, reason?: Reason): void {
    become(session.#values, values)
    session.#reason ??= reason
  }

  /** @internal Drops a key whose time has come. */
  static expire(session: Session<object>, key: string): void {
    if (Reflect.deleteProperty(session.#values, key)) session.#noted().expired.add(key)
  }

  /**
   * The entries whose keys are not strings, apart from `values`: `session.keyed.set(42, 43)`.
   * Go programs have them; of the serializers, gob carries them.
   */
  get keyed(): Map<unknown, unknown> {
    const values = this.values as Keyed
    values[keyed] ??= new Map()
    return values[keyed]
  }

  /**
   * The flash messages added so far, oldest first, and forgets them: each is read once.
   *
   * Two requests at once can both read one, since each saves later; {@link takeFlashes} is for those
   * that must not.
   *
   * @param key - a list of its own beside the default one
   * @throws TypeError when the value under `key` is not a list
   */
  flashes<Message = unknown>(key: string = flashKey): Message[] {
    return this.#messages.take(key) as Message[]
  }

  /** As {@link flashes}, and forgets none: for who only looks, or cannot save. Throws as it does. */
  peekFlashes<Message = unknown>(key: string = flashKey): Message[] {
    return this.#messages.peek(key) as Message[]
  }

  /**
   * As {@link flashes}, and no other request gets one of them: they are removed from what the store
   * keeps before this answers, whatever becomes of the response. Stores that keep sessions in cookies
   * have no such place, and there it is {@link flashes}.
   *
   * Rejects with a SessionError when the store fails; then none is taken. Rejects as {@link flashes}
   * throws.
   */
  async takeFlashes<Message = unknown>(key: string = flashKey): Promise<Message[]> {
    this.#messages.peek(key)
    const kept = (await this.store.takeFlashes?.(this, key)) ?? []
    this.#messages.noteTaken(key, kept)
    return [...kept, ...this.#messages.take(key)] as Message[]
  }

  /**
   * Adds a message that lasts until {@link flashes} reads it, in this request or a later one.
   *
   * @param key - a list of its own beside the default one
   * @throws TypeError when the value under `key` is not a list
   */
  addFlash(message: unknown, key: string = flashKey): void {
    this.#messages.add(key, message)
  }

  /** As {@link addFlash}, for this request alone: it is never saved. */
  flashNow(message: unknown, key: string = flashKey): void {
    this.#messages.addNow(key, message)
  }

  /** What this request read is there for the next one again, in front of what was added since. */
  keepFlashes(key: string = flashKey): void {
    this.#messages.keep(key)
  }

  /**
   * Keeps the fields of a form, in place of an earlier one, so that the page that asks again can show
   * them. Neither files nor fields that sound secret are kept, nor more than there is room for.
   *
   * @throws RangeError when `options.maxBytes` is no whole number
   */
  flashInput(form: FormLike, options: InputOptions = {}): void {
    this.#messages.setInput(form, options)
  }

  /** The fields that {@link flashInput} kept, which are read once: by one request, as often as it likes. */
  oldInput(): URLSearchParams
  /** The first text of a field; undefined when none was kept. */
  oldInput(field: string): string | undefined
  oldInput(field?: string): URLSearchParams | string | undefined {
    const input = this.#messages.input()
    return field === undefined ? input : (input.get(field) ?? undefined)
  }

  /**
   * Keeps what is wrong with the fields of a form, in place of what was before:
   * `session.flashErrors({ email: 'is taken' })`.
   */
  flashErrors(errors: FieldErrors): void {
    this.#messages.setErrors(errors)
  }

  /** What {@link flashErrors} kept, by field. Read once, as {@link oldInput}. */
  fieldErrors(): Map<string, string[]>
  /** What is wrong with one field; empty when nothing is. */
  fieldErrors(field: string): string[]
  fieldErrors(field?: string): Map<string, string[]> | string[] {
    const errors = this.#messages.errors()
    return field === undefined ? errors : (errors.get(field) ?? [])
  }

  /**
   * Adds `by` to the number under `key`, which counts as 0 when it is missing. Two requests that count
   * at once are both counted, in stores that keep sessions on the server.
   *
   * @returns the new number
   * @throws TypeError when the value under `key` is not a number
   */
  increment(key: string, by = 1): number {
    const current = Object.hasOwn(this.values, key) ? (this.values as Values)[key] : 0
    if (typeof current !== 'number') {
      throw new TypeError(`values.${key} is not a number and cannot be incremented`)
    }
    this.#set(key, current + by)
    const { increments } = this.#noted()
    increments.set(key, (increments.get(key) ?? 0) + by)
    return current + by
  }

  /**
   * Saves the session and sets its cookie, before the body is written.
   *
   * Rejects with a SessionError or MultiError when it cannot be saved; then no cookie is set.
   */
  save(request: RequestLike, response: ResponseLike): Promise<void> {
    return this.store.save(request, response, this)
  }

  /** Without id and data: sessions end up in logs. */
  toJSON(): { name: string; isNew: boolean; reason?: Reason } {
    const { name, isNew, reason } = this
    return reason === undefined ? { name, isNew } : { name, isNew, reason }
  }

  /** As {@link toJSON}, for `console.log`. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return `Session ${JSON.stringify(this)}`
  }

  /** Made when there is something to note: most requests change nothing that merges. */
  #noted(): Changes {
    this.#changes ??= { lists: new Set(), increments: new Map(), expired: new Set() }
    return this.#changes
  }

  #assertAlive(): void {
    if (this.#isDestroyed) throw destroyed()
  }

  #startAgain(rotation: 'login' | 'elevate'): void {
    if (this.#rotation !== 'login') this.#rotation = rotation
    this.#authenticatedAt = this.#now()
    this.#createdAt = this.#authenticatedAt
    this.#forgetToken()
  }

  /** A token against cross-site requests is worth as much as the id that it was made for. */
  #forgetToken(): void {
    delete (this.#values as Values)[csrfKey]
  }

  /** Made when it is needed: most requests have none. */
  get #messages(): Flash {
    this.#flash ??= new Flash(this, this.#noted().lists)
    return this.#flash
  }

  /** Not an assignment: the key may be any string, `__proto__` included. */
  #set(key: string, value: unknown): void {
    this.#assertAlive()
    Object.defineProperty(this.values, key, {
      value,
      configurable: true,
      enumerable: true,
      writable: true,
    })
  }
}

/** Makes `target` hold what `values` holds. What is the same already is left alone, as Go left it. */
function become(target: object, values: object): void {
  if (target === values) return
  for (const key of Reflect.ownKeys(target)) {
    if (!Object.hasOwn(values, key)) Reflect.deleteProperty(target, key)
  }
  for (const key of Reflect.ownKeys(values)) {
    const value: unknown = Reflect.get(values, key)
    if (Object.hasOwn(target, key) && Reflect.get(target, key) === value) continue
    Object.defineProperty(target, key, {
      value,
      configurable: true,
      enumerable: true,
      writable: true,
    })
  }
}

/** {@link MergeableChanges} that grow. */
interface Changes {
  readonly lists: Set<string>
  readonly increments: Map<string, number>
  readonly expired: Set<string>
}

const noChanges: MergeableChanges = { lists: new Set(), increments: new Map(), expired: new Set() }

function clear(changes: Changes | undefined): void {
  changes?.lists.clear()
  changes?.increments.clear()
  changes?.expired.clear()
}

/** What stands in for the values of a session that was destroyed: nothing, and to stay so. */
const ended: object = new Proxy(Object.freeze({}), {
  set: refuse,
  defineProperty: refuse,
  deleteProperty: refuse,
})

function refuse(): never {
  throw destroyed()
}

function destroyed(): SessionError {
  return new SessionError(
    'session-destroyed',
    'the session was destroyed; what is to outlive it belongs into another one',
  )
}

function assertOwner(owner: unknown): void {
  // Half of a surrogate pair is lost in UTF-8, and with it what tells one owner from another.
  const isText = typeof owner === 'string' && !/\p{Surrogate}/u.test(owner)
  if (!isText || owner === '') {
    const given = typeof owner === 'string' ? 'an empty or broken one' : describeKind(owner)
    throw new TypeError(`owner must be a text that names who signed in, not ${given}`)
  }
}
