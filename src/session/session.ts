/**
 * A session: the data of one visitor, kept between requests.
 *
 * @module
 */

import { equalBytes } from '#crypto'
import type { Renewal } from '../codec/codec.ts'
import { type Keyed, keyed } from '../codec/non-string-keys.ts'
import type { Serializer } from '../codec/serializers/serializer.ts'
import { SessionError } from '../errors.ts'
import { assertSeconds, type Options } from '../http/cookie-options.ts'
import type { RequestLike } from '../http/request.ts'
import type { ResponseLike } from '../http/response.ts'
import { assertFunction, assertInteger, assertKnownOptions } from '../lib/assert-options.ts'
import { assertCompatible, type Copy, thisCopy } from '../lib/copies.ts'
import { describeKind } from '../lib/describe.ts'
import type { MaybePromise } from '../lib/maybe-promise.ts'
import { getOwn, isPlainObject, setOwn } from '../lib/plain-object.ts'
import { type FieldErrors, Flash, flashKey } from './flash.ts'
import type { FormLike, InputOptions } from './form-fields.ts'
import { survivable } from './late-save.ts'
import type { FullLifetime } from './lifetime.ts'
import type { SessionMetadata } from './metadata.ts'
import { assertOwner } from './owner.ts'
import { viewOf } from './read-only.ts'
import { csrfKey } from './reserved-keys.ts'
import { emptySnapshot, handmadeDefaults } from './snapshot.ts'
import {
  type MergeableChanges,
  noChanges,
  type Reason,
  type Rotation,
  State,
  type Values,
} from './state.ts'
import type { Combine, ListItem, ListKey, NumberKey, SharedKey } from './typed-keys.ts'

export type { MergeableChanges, Reason, Rotation, Values } from './state.ts'

/** The property that shows a session's state to other copies of the library. */
const mark: unique symbol = Symbol.for('silverback.Session')

/** The state of a session, and the copy of the library that it belongs to. */
interface SharedState extends Copy {
  readonly state: State<object>
}

/** What a session needs of the store that it belongs to. Every `Store` has it. */
export interface SessionSaver {
  /** Saves the session and sets its cookie. */
  save(request: RequestLike, response: ResponseLike, session: Session<object>): MaybePromise<void>
  /** Like `save`, but returns the result itself if there is nothing to wait for. */
  commit?(
    request: RequestLike,
    response: ResponseLike,
    session: Session<object>,
  ): MaybePromise<void>
  /** Removes pending flash messages from the stored session; see {@link Session.takeFlashes}. */
  takeFlashes?(session: Session<object>, key: string): Promise<unknown[]>
  /** Runs a task while no other request runs one; see {@link Session.exclusive}. */
  exclusive?<Result>(
    session: Session<object>,
    task: () => Promise<Result> | Result,
    options: ExclusiveOptions,
  ): Promise<Result>
  /** Reads the session again and drops unsaved changes; see {@link Session.reload}. */
  reload?(session: Session<object>): Promise<void>
  /**
   * Whether the session has changes that a save would write, made since it was read or since its last save.
   * Only for warnings in development. undefined if the last save has failed.
   */
  unsavedSince?(session: Session<object>): 'read' | 'save' | undefined
}

/** Options of {@link Session.exclusive}. */
export interface ExclusiveOptions {
  /** How long to wait for another request, in seconds. 0: not at all. Default 10. */
  wait?: number
  /** How long the task may take, in seconds: after that another request may begin. Default 30. */
  hold?: number
}

/** A session created with `new Session`, in a store that implements `Store` without `SessionStore`. */
export interface SessionInit<T extends object = Values> {
  /** Cookie attributes. The session keeps a copy. */
  options: Options
  /** The id under which the store keeps the data, if it has ids. */
  id?: string | undefined
  /** The data read. Default: none. */
  values?: T | undefined
  /** Why it is new. Leave it out for a session that was read. */
  reason?: Reason | undefined
  /** Whose session it is. */
  owner?: string | undefined
  /** The name that lists show. */
  label?: string | undefined
  /** When it began, and when its owner last authenticated: Unix times in seconds. */
  createdAt?: number | undefined
  authenticatedAt?: number | undefined
  /** How long it lives. Default {@link defaultLifetime}. */
  lifetime?: FullLifetime | undefined
  /** The clock: Unix time in seconds. */
  now?: (() => number) | undefined
}

/**
 * One session of one request. Stores make it: `await store.get(request, 'name')`.
 *
 * Every change, {@link login}, {@link rotate} and {@link destroy} included, takes effect at the next save.
 * Adapters save before the response headers are sent.
 */
export class Session<T extends object = Values> {
  /** The name of the session and of its cookie. */
  readonly name: string
  /** The store that it came from and is saved to. */
  readonly store: SessionSaver
  readonly #state: State<T>

  /** For stores; applications get sessions from a store. */
  constructor(store: SessionSaver, name: string, init: SessionInit<T> | State<T>) {
    this.store = store
    this.name = name
    this.#state = init instanceof State ? init : stateOf(init)
  }

  /** @internal */
  static stateOf(session: Session<object>): State<object> {
    return #state in session ? session.#state : sharedState(session)
  }

  /** @internal False for a session of another copy of the library, and for a read-only view. */
  static isOfThisCopy(session: Session<object>): boolean {
    return #state in session
  }

  /** @internal */
  get [mark](): SharedState {
    return { ...thisCopy, state: this.#state as State<object> }
  }

  /** The data: any value that the store's serializer supports. */
  get values(): T {
    return this.#state.values
  }

  /**
   * Throws a TypeError for anything but an object, and a SessionError `session-destroyed` after
   * {@link destroy}.
   */
  set values(values: T) {
    this.#assertAlive()
    assertObject('session.values', values)
    this.#state.values = values
  }

  /** Cookie attributes of this session alone: `session.options.maxAge = 30 * 86_400`. */
  get options(): Options {
    const state = this.#state
    state.options ??= { ...state.snapshot.options }
    return state.options
  }

  /** Throws a TypeError for anything but an object. */
  set options(options: Options) {
    assertObject('session.options', options)
    this.#state.options = options
  }

  /**
   * How long this session lives: `session.lifetime.idle = 600`. `idle` and `absolute` are stored with the
   * session; `absolute` can only shorten that of the store or definition.
   */
  get lifetime(): FullLifetime {
    const state = this.#state
    state.lifetime ??= { ...state.snapshot.lifetime }
    return state.lifetime
  }

  /** Throws a TypeError for anything but an object. */
  set lifetime(lifetime: FullLifetime) {
    assertObject('session.lifetime', lifetime)
    this.#state.lifetime = lifetime
  }

  /** The name that a list of the owner's sessions shows, such as `'Firefox on Linux'`. */
  get label(): string | undefined {
    return this.#state.label
  }

  set label(label: string | undefined) {
    this.#state.label = label
  }

  /** Whose session it is, so that it can be found by owner. {@link login} sets it. */
  get owner(): string | undefined {
    return this.#state.owner
  }

  /**
   * undefined and the empty string mean no owner. Throws a TypeError for anything but a string, and a
   * SessionError `session-destroyed` after {@link destroy}.
   */
  set owner(owner: string | undefined) {
    this.#assertAlive()
    if (owner) assertOwner(owner)
    this.#state.owner = owner
  }

  /** True when nothing was read. {@link reason} is why. */
  get isNew(): boolean {
    return this.#state.reason !== undefined
  }

  /** Why the session is new; undefined if it is not. */
  get reason(): Reason | undefined {
    return this.#state.reason
  }

  /** The id under which the data is stored; undefined before the first save, and in stores without ids. */
  get id(): string | undefined {
    return this.#state.id
  }

  /** Why the next save writes the session even if nothing changes; undefined if it need not. */
  get renewal(): Renewal | undefined {
    return this.#state.snapshot.renewal
  }

  /** When the session began. undefined for a new one, and if the store does not record it. */
  get createdAt(): Date | undefined {
    return dateOf(this.#state.startedAt)
  }

  /** When the owner last authenticated. */
  get authenticatedAt(): Date | undefined {
    return dateOf(this.#state.authenticatedAt)
  }

  /** True when the session was read from a read cache in the browser, not from the backend. */
  get isCopy(): boolean {
    return this.#state.snapshot.isCopy
  }

  /**
   * True when the session was read under an id that has been replaced, or when {@link reload} found that it has
   * ended: changes are not saved. {@link login}, {@link elevate} and {@link destroy} still work.
   */
  get isReadOnly(): boolean {
    return this.#state.isReadOnly
  }

  /** True after {@link destroy}. */
  get isDestroyed(): boolean {
    return this.#state.isDestroyed
  }

  /**
   * Signs `owner` in. The session gets a new id and starts a new lifetime. The old id is invalid before the
   * response is sent, so that an id that an attacker planted or saw is useless (session fixation, ASVS 7.2.4).
   * Label, lifetime and {@link remember} are reset to the defaults. Values from before the sign-in are dropped,
   * except for the keys in `keep`; values that this request has set are kept.
   *
   * @param owner - who signed in: the property `owner` from now on
   * @param options.keep - keys whose values survive, such as a shopping cart
   * @throws TypeError when `owner` is empty or not a string
   */
  login(owner: string, options: { keep?: readonly (keyof T & string)[] } = {}): void {
    this.#assertAlive()
    assertOwner(owner)
    assertKnownOptions('login', options, ['keep'])
    const { keep = [] } = options
    const state = this.#state
    dropUnchanged(state as State<object>, keep)
    this.#restart('login')
    const { defaults } = state.snapshot
    state.owner = owner
    state.label = undefined
    state.lifetime = { ...defaults.lifetime }
    this.options.maxAge = defaults.options.maxAge
  }

  /**
   * Records that the owner has just authenticated again, by password or second factor. The session keeps
   * its values, gets a new id and starts a new lifetime (NIST SP 800-63B-4 §5.2).
   */
  elevate(): void {
    this.#assertAlive()
    this.#restart('elevate')
  }

  /**
   * True when the owner authenticated less than `seconds` ago, for pages that require recent
   * authentication (ASVS 7.5.1). Using the session does not extend it. Throws a RangeError unless
   * `seconds` is a positive integer.
   */
  authenticatedWithin(seconds: number): boolean {
    assertInteger('seconds', seconds)
    const { authenticatedAt, snapshot } = this.#state
    // If the clock was set back, nothing counts as recent.
    return (
      authenticatedAt !== undefined && Math.abs(snapshot.defaults.now() - authenticatedAt) < seconds
    )
  }

  /** Gives the session a new id, after a change of privileges. Values and lifetime stay. */
  rotate(): void {
    this.#assertAlive()
    this.#state.rotation ??= 'rotate'
    this.#dropCsrfToken()
  }

  /**
   * Ends the session. The next save deletes the stored data and the cookie, and a slower request cannot
   * bring the session back. The values are empty from now on, and changing them throws.
   */
  destroy(): void {
    const state = this.#state
    state.isDestroyed = true
    state.values = destroyedValues as T
    state.changes = undefined
    state.owner = undefined
    state.label = undefined
    state.authenticatedAt = undefined
  }

  /**
   * "Remember me": whether the cookie survives a restart of the browser, and for how long. Call it after
   * {@link login}, which resets it.
   *
   * @param keep - true: as long as the session can live (`lifetime.absolute`); a number: that many seconds
   *   of inactivity; false: until the browser closes
   */
  remember(keep: boolean | number = true): void {
    if (typeof keep === 'number') assertInteger('seconds', keep)
    assertSeconds('maxAge', keep)
    const maxAge = keep === true ? this.lifetime.absolute : keep
    this.options.maxAge = maxAge === false ? 'session' : maxAge
  }

  /**
   * Copies values from another session, such as a guest's cart.
   *
   *     login.mergeFrom(guest, { combine: { cart: (mine, theirs) => [...mine, ...theirs] } })
   *
   * @param options.keys - which keys. Default: all that do not begin with `_`, which are reserved
   * @param options.combine - by key, a function that returns the value if both sessions have one. Default: this
   *   session's value
   * @throws TypeError when `combine` is not an object of functions; then nothing is copied
   */
  mergeFrom<Other extends object>(
    other: Session<Other>,
    options: { keys?: readonly SharedKey<T, Other>[]; combine?: Combine<T, Other> } = {},
  ): void {
    this.#assertAlive()
    assertKnownOptions('mergeFrom', options, ['keys', 'combine'])
    const { keys = Object.keys(other.values).filter(key => !key.startsWith('_')) } = options
    const combine = combinersOf(options.combine)
    for (const key of keys) {
      if (!Object.hasOwn(other.values, key)) continue
      const theirs = getOwn(other.values, key)
      const combiner = combine.get(key)
      if (!Object.hasOwn(this.values, key)) this.#set(key, theirs)
      else if (combiner) this.#set(key, combiner(getOwn(this.values, key), theirs))
    }
  }

  /**
   * A read-only view of this session, which always reflects its current state. Assigning to its values, or to plain
   * objects or lists in them, and calling a method that changes the session, throws a SessionError `read-only`.
   */
  asReadOnly(): this {
    return viewOf(this)
  }

  /** Assigns the id. For custom stores; an id must never come from the client. */
  static assignId(session: Session<object>, id: string | undefined): void {
    const state = Session.stateOf(session)
    state.id = id
    state.isReadOnly = false
  }

  /** What the next save has to do to the session's id. For custom stores. */
  static rotationOf(session: Session<object>): Rotation | undefined {
    return Session.stateOf(session).rotation
  }

  /** The changes that can be merged with those of another request. For custom stores. */
  static mergeableChanges(session: Session<object>): MergeableChanges {
    return Session.stateOf(session).changes ?? noChanges
  }

  /** Forgets the changes so far, after a store has saved them. For custom stores. */
  static forgetChanges(session: Session<object>): void {
    Session.stateOf(session).takeChanges()
  }

  /** @internal Metadata that the store itself adds at the next save. */
  static noteMetadata(session: Session<object>, metadata: Partial<SessionMetadata>): void {
    const state = Session.stateOf(session)
    state.storeMetadata = { ...state.storeMetadata, ...metadata }
  }

  /**
   * Entries whose keys are not strings, kept apart from `values`: `session.keyed.set(42, 43)`. Go programs
   * have them; of the serializers, gob and json carry them.
   */
  get keyed(): Map<unknown, unknown> {
    const values = this.values as Keyed
    values[keyed] ??= new Map()
    return values[keyed]
  }

  /**
   * Returns the flash messages added so far, oldest first, and removes them: each is read once.
   *
   * Two concurrent requests can both read a message, because each saves later. Use {@link takeFlashes} if
   * that must not happen.
   *
   * @param key - the list to read, if not the default one
   * @throws TypeError when the value under `key` is not a list
   */
  flashes<Message = unknown>(key: string = flashKey): Message[] {
    return this.#flash.take(key) as Message[]
  }

  /** Returns pending flash messages without consuming them. Throws a TypeError if the value is not a list. */
  peekFlashes<Message = unknown>(key: string = flashKey): Message[] {
    return this.#flash.peek(key) as Message[]
  }

  /**
   * Returns the flash messages, and removes them from the stored session first, so that no other request
   * gets one of them, even if this response fails. Cookie stores keep nothing on the server; with them, this
   * method works like {@link flashes}.
   *
   * Rejects with a SessionError when the store fails; then no message is consumed. Rejects with a TypeError
   * when the value under `key` is not a list.
   */
  async takeFlashes<Message = unknown>(key: string = flashKey): Promise<Message[]> {
    this.#flash.peek(key)
    const stored = (await this.store.takeFlashes?.(this, key)) ?? []
    this.#flash.noteTaken(key, stored)
    return [...stored, ...this.#flash.take(key)] as Message[]
  }

  /**
   * Adds a message that is kept until {@link flashes} reads it, in this request or a later one.
   *
   * @param key - the list to add to, if not the default one
   * @throws TypeError when the value under `key` is not a list
   */
  addFlash(message: unknown, key: string = flashKey): void {
    this.#flash.add(key, message)
  }

  /** Adds a message for this request only: it is never saved. */
  flashNow(message: unknown, key: string = flashKey): void {
    this.#flash.addNow(key, message)
  }

  /** Keeps the messages that this request has read for the next one, ahead of those added since. */
  keepFlashes(key: string = flashKey): void {
    this.#flash.keep(key)
  }

  /**
   * Keeps the fields of a form so that the next page can show them again, replacing an earlier form. Files,
   * fields whose names suggest a secret, and fields beyond the size limit are left out.
   *
   * @throws RangeError when `options.maxBytes` is not a positive integer
   */
  flashInput(form: FormLike, options: InputOptions = {}): void {
    this.#flash.setInput(form, options)
  }

  /** The fields that {@link flashInput} kept. The first request that reads them consumes them. */
  oldInput(): URLSearchParams
  /** The first value of a field; undefined if none was kept. */
  oldInput(field: string): string | undefined
  oldInput(field?: string): URLSearchParams | string | undefined {
    const input = this.#flash.input()
    return field === undefined ? input : (input.get(field) ?? undefined)
  }

  /** Keeps validation errors by field, replacing earlier ones: `session.flashErrors({ email: 'is taken' })`. */
  flashErrors(errors: FieldErrors): void {
    this.#flash.setErrors(errors)
  }

  /** The errors that {@link flashErrors} kept, by field. The first request that reads them consumes them. */
  fieldErrors(): Map<string, string[]>
  /** The errors of one field; empty if there are none. */
  fieldErrors(field: string): string[]
  fieldErrors(field?: string): Map<string, string[]> | string[] {
    const errors = this.#flash.errors()
    return field === undefined ? errors : (errors.get(field) ?? [])
  }

  /**
   * Adds `by` to the number under `key`; a missing number counts as 0. In server-side stores, concurrent
   * increments all count.
   *
   * @returns the new number
   * @throws TypeError when the value under `key` is not a number
   */
  increment(key: NumberKey<T>, by = 1): number {
    const current = Object.hasOwn(this.values, key) ? getOwn(this.values, key) : 0
    if (typeof current !== 'number') {
      throw new TypeError(`values.${key} is not a number and cannot be incremented`)
    }
    this.#set(key, current + by)
    const { increments } = this.#state.noteChanges()
    increments.set(key, (increments.get(key) ?? 0) + by)
    return current + by
  }

  /**
   * Appends `value` to the list under `key`; a missing list counts as empty. In server-side stores, the values
   * that concurrent requests push are all kept, in the order of their saves.
   *
   * @returns the new length of the list
   * @throws TypeError when the value under `key` is not a list
   */
  push<Key extends ListKey<T>>(key: Key, value: ListItem<T[Key]>): number {
    const list = getOwn(this.values, key) ?? []
    if (!Array.isArray(list)) {
      throw new TypeError(`values.${key} is not a list and cannot be pushed to`)
    }
    // A copy: the list may be frozen, or shared with the handler.
    this.#set(key, [...list, value])
    this.#state.noteChanges().lists.add(key)
    return list.length + 1
  }

  /**
   * Returns the value under `key` and removes it from the session; undefined if there is none. If the value is a
   * list, server-side stores remove only the items that this request has read: items that other requests push in
   * the meantime are kept.
   */
  pull<Key extends keyof T & string>(key: Key): T[Key] | undefined {
    this.#assertAlive()
    const value = getOwn(this.values, key)
    if (Array.isArray(value)) this.#state.noteChanges().lists.add(key)
    delete (this.values as Values)[key]
    return value as T[Key] | undefined
  }

  /**
   * Reads the session again from where it is stored, and drops everything that this request has not saved:
   * changed values and flash messages, `login`, `rotate`, `elevate`. {@link values} is a new object afterwards. With
   * a cookie store, the session is only in its cookie, so it returns to the state in the cookie of the request or,
   * if this request has saved it, to that save.
   *
   * Rejects, and changes nothing, with `store-failed` when the store fails, with `session-destroyed` after
   * {@link destroy}, and with a TypeError if the session was created with `new Session`.
   *
   * Rejects with `session-ended` if the session has ended in the meantime. It is then empty, {@link reason} is why,
   * and saving it does nothing, unless {@link login} starts a new session.
   */
  async reload(): Promise<void> {
    this.#assertAlive()
    const { store } = this
    if (!store.reload) throw new TypeError('the store of this session cannot reload it')
    await store.reload(this)
  }

  /**
   * Runs `task` while no other request of this session runs one: each task waits for the one before. In the task,
   * {@link values} contains what earlier tasks have saved, and this request's own changes. When the task has ended,
   * the changes are written before the next task begins; the response sets the cookie. `login`, `rotate`, `elevate`
   * and `destroy` take effect with the response. Requests that do not call this method do not wait, and their changes
   * are merged as usual.
   *
   * If the task throws, this rejects with its error, and the changes stay unsaved. Do not call it inside a task.
   *
   * Rejects with `locked` after `wait` seconds, with `session-ended` as {@link reload} does, and with `store-failed`.
   * Rejects with a TypeError unless the store has the capability `exclusive`, and with a TypeError or RangeError for
   * wrong options.
   *
   * @returns what the task returns
   */
  async exclusive<Result>(
    task: () => Promise<Result> | Result,
    options: ExclusiveOptions = {},
  ): Promise<Result> {
    this.#assertAlive()
    const { store } = this
    if (!store.exclusive) throw new TypeError('the store of this session has no exclusive()')
    return store.exclusive(this, task, options)
  }

  /**
   * Saves the session and sets its cookie. Call it before the body is written.
   *
   * Rejects with a SessionError or MultiError when the session cannot be saved; then no cookie is set.
   */
  save(request: RequestLike, response: ResponseLike): Promise<void> {
    const { store } = this
    return survivable(() => (store.commit ?? store.save).call(store, request, response, this))
  }

  /** Shows neither id nor values, because sessions end up in logs. */
  toJSON(): { name: string; isNew: boolean; reason?: Reason } {
    const { name, isNew, reason } = this
    return reason === undefined ? { name, isNew } : { name, isNew, reason }
  }

  /** What `console.log` shows: no more than {@link toJSON}. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return `Session ${JSON.stringify(this)}`
  }

  #assertAlive(): void {
    if (this.#state.isDestroyed) throw destroyed()
  }

  /** A new lifetime, and a new id at the next save. */
  #restart(rotation: 'login' | 'elevate'): void {
    const state = this.#state
    if (state.rotation !== 'login') state.rotation = rotation
    state.authenticatedAt = state.snapshot.defaults.now()
    state.startedAt = state.authenticatedAt
    this.#dropCsrfToken()
  }

  /** A CSRF token is bound to the session's id, so it ends with it. */
  #dropCsrfToken(): void {
    delete (this.values as Values)[csrfKey]
  }

  get #flash(): Flash {
    const state = this.#state
    state.flash ??= new Flash(this, key => state.noteChanges().lists.add(key))
    return state.flash
  }

  #set(key: string, value: unknown): void {
    this.#assertAlive()
    setOwn(this.values, key, value)
  }
}

/** Drops the values that were read, as far as this request has not changed them. */
function dropUnchanged(state: State<object>, keep: readonly string[]): void {
  const { payload, serializer } = state.snapshot
  const base = state.initial ?? (payload && serializer && { bytes: payload, serializer })
  const read = base && (base.serializer.deserialize(base.bytes) as Values)
  const values = state.values as Values
  for (const key of Object.keys(values)) {
    if (keep.includes(key)) continue
    const isRead = base && read ? isUnchanged(read, values, key, base.serializer) : !state.reason
    if (isRead) delete values[key]
  }
  if (base || !state.reason) delete (values as Keyed)[keyed]
}

function isUnchanged(read: Values, now: Values, key: string, serializer: Serializer): boolean {
  if (!Object.hasOwn(read, key)) return false
  const bytesOf = (values: Values): Uint8Array => serializer.serialize({ value: values[key] })
  try {
    return equalBytes(bytesOf(read), bytesOf(now))
  } catch {
    // What cannot be serialized was set by this request.
    return false
  }
}

type Combiner = (mine: unknown, theirs: unknown) => unknown

function combinersOf(combine: object = {}): ReadonlyMap<string, Combiner> {
  if (!isPlainObject(combine)) {
    throw new TypeError(
      `combine must be an object of functions by key, not ${describeKind(combine)}`,
    )
  }
  const given = Object.entries(combine).filter(([, combiner]) => combiner !== undefined)
  for (const [key, combiner] of given) assertFunction(`combine.${key}`, combiner)
  return new Map(given as [string, Combiner][])
}

/** The state of a session of another copy. Throws a SessionError `version-mismatch` if this copy cannot use it. */
function sharedState(session: Session<object>): State<object> {
  const shared: SharedState | undefined = session[mark]
  if (!shared) throw new TypeError(`session must be a Session, not ${describeKind(session)}`)
  assertCompatible(shared)
  return shared.state
}

function stateOf<T extends object>(init: SessionInit<T>): State<T> {
  const { options, lifetime, now, reason, values, id, owner, label, createdAt } = init
  const { authenticatedAt } = init
  const defaults = handmadeDefaults(options, lifetime, now)
  const metadata = { owner, label, authenticatedAt }
  const snapshot = { ...emptySnapshot(reason, defaults, [], 'unknown'), id, metadata }
  return new State(snapshot, values ?? ({} as T), createdAt)
}

function dateOf(seconds: number | undefined): Date | undefined {
  return seconds === undefined ? undefined : new Date(seconds * 1000)
}

/** The values of a destroyed session: empty, and changing them throws. */
const destroyedValues: object = new Proxy(Object.freeze({}), {
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
    'the session was destroyed; store anything that must survive in another session',
  )
}

function assertObject(property: string, value: unknown): void {
  if (typeof value !== 'object' || value === null) {
    throw new TypeError(`${property} must be an object, not ${describeKind(value)}`)
  }
}
