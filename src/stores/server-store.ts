/**
 * Sessions on the server: the cookie carries an id, a {@link Backend} keeps the record.
 *
 * @module
 */

import type { Backend, Limitation, Listable, OwnerIndex } from '../backends/backend.ts'
import { isId, keyOf, ownerKey } from '../backends/ids.ts'
import { localPubSub, type PubSub } from '../backends/pubsub.ts'
import type { Codec } from '../codec/codec.ts'
import type { Keys } from '../codec/keyring.ts'
import { json } from '../codec/serializers/json.ts'
import { nop } from '../codec/serializers/nop.ts'
import type { Serializer } from '../codec/serializers/serializer.ts'
import { SessionError } from '../errors.ts'
import { maxCookieBytes } from '../http/chunks.ts'
import { assertInteger, assertKnownOptions, assertOneOf } from '../lib/assert-options.ts'
import { tenYears } from '../lib/clock.ts'
import { describeKind } from '../lib/describe.ts'
import type { StoreErrorEvent } from '../session/events.ts'
import { assertOwner } from '../session/owner.ts'
import { Session } from '../session/session.ts'
import type { Values } from '../session/state.ts'
import { withDeadline } from './deadline.ts'
import { assertLimitations } from './limitations.ts'
import { Counters } from './revocation/counters.ts'
import { Epoch } from './revocation/epoch.ts'
import { OwnerEpochs } from './revocation/owner-epochs.ts'
import { allSessions, countSessions } from './server/all-sessions.ts'
import { type DeviceOptions, Devices } from './server/devices.ts'
import { Endings } from './server/endings.ts'
import { type MaxPerOwner, OwnerLimit } from './server/owner-limit.ts'
import { OwnerSessions } from './server/owner-sessions.ts'
import { ReadCache } from './server/read-cache.ts'
import { valuesOf } from './server/record-body.ts'
import { isTombstone } from './server/record-format.ts'
import { RecordPacker } from './server/record-packer.ts'
import { RecordWriter, type Tracked } from './server/record-writer.ts'
import { type Kept, Records } from './server/records.ts'
import { epochOf, ServerPersistence } from './server/server-persistence.ts'
import { Watchers } from './server/watchers.ts'
import { SessionStore } from './session-store.ts'
import { type SessionStoreOptions, Settings, sessionStoreOptions } from './settings.ts'

/** Options of a {@link ServerStore}. */
export interface ServerStoreOptions extends SessionStoreOptions {
  /** Secret keys, newest first, that seal the ids in cookies. Default: none, so that ids are sent as they are. */
  keys?: Keys
  /** With `keys`: memory for a cache of opened ids, in bytes. 0 disables it. Default 1 MiB. */
  cacheBytes?: number
  /** Converts between values and bytes. Default {@link json}. */
  serializer?: Serializer
  /** Whether records are encrypted, each bound to its id. Needs `keys`. Default false. */
  encrypt?: boolean
  /** Size limit of a record in bytes. Default 65,536. */
  maxRecordBytes?: number
  /**
   * If two requests changed the same key: the later save wins (`'merge'`, the default), or rejects with
   * `conflict` (`'throw'`). Changes to different keys are always merged.
   */
  onConflict?: 'merge' | 'throw'
  /** Limitations of the backend that you accept: a backend with others is refused. Default: none. */
  acceptLimitations?: readonly Limitation[]
  /** New ids in addition to those of `session.rotate()` and `login()`. Default: none. */
  rotation?: {
    /** Replace a session's id when it is this old, in seconds. Default: never. */
    every?: number
    /**
     * How long after a rotation requests with the old id can still read the session, in seconds. Default 0.
     * It does not apply after a `login`.
     */
    grace?: number
  }
  /** How many sessions one owner can have at once: a number, or with what happens to one more. Default: no limit. */
  maxPerOwner?: number | MaxPerOwner
  /**
   * Serve reads for up to `maxAge` seconds from a copy in a second, sealed cookie, without the backend. During that
   * time, other browsers can still read a session that was ended; `get(…, { fresh: true })` reads from the backend.
   * Needs `keys`. Default: no copy.
   */
  cookieCache?: { maxAge: number }
  /**
   * Record the device when an owner signs in, for {@link ServerStore.sessionsOf}: its user agent (`true`), and what
   * the options select. Default: nothing is recorded.
   */
  devices?: true | DeviceOptions
  /**
   * The limit in milliseconds for each operation of the backend. An operation that takes longer is aborted, and
   * rejects with `store-failed`; a write may have been applied or not. Default: that of the backend's client.
   */
  deadlineMs?: number
  /**
   * Delivers the notifications of {@link ServerStore.watch} to other processes: `redisPubSub(…)`, `postgresPubSub(…)`.
   * Default: within this store only.
   */
  pubsub?: PubSub
}

const serverStoreOptions = [
  ...sessionStoreOptions,
  'keys',
  'cacheBytes',
  'serializer',
  'encrypt',
  'maxRecordBytes',
  'onConflict',
  'acceptLimitations',
  'rotation',
  'maxPerOwner',
  'cookieCache',
  'devices',
  'deadlineMs',
  'pubsub',
] as const satisfies (keyof ServerStoreOptions)[]

/** A session, as {@link ServerStore.sessionsOf} and {@link ServerStore.sessions} list it. */
export interface SessionInfo {
  /** Identifies the session for {@link ServerStore.revoke}. It cannot be turned into a cookie. */
  readonly handle: string
  /** The name of its cookie. */
  readonly name: string
  /** What the application called it, or the device by its user agent: see the option `devices`. */
  readonly label: string | undefined
  readonly createdAt: Date
  /** When it ends unless it is used. */
  readonly expiresAt: Date
  /** When it was last used, as precisely as idle times are renewed. */
  readonly lastSeenAt: Date
  readonly owner: string | undefined
  /** When its owner last authenticated. */
  readonly authenticatedAt: Date | undefined
  /** The user agent and the address that its owner signed in with, if the option `devices` records them. */
  readonly userAgent: string | undefined
  readonly address: string | undefined
}

/** A session with its values, as {@link ServerStore.inspect} finds it. */
export interface SessionDetails extends SessionInfo {
  /** undefined if they cannot be deserialized. */
  readonly values: Values | undefined
  /** The size of the serialized values. */
  readonly bytes: number
}

/** Options of {@link ServerStore.count}. */
export interface CountOptions {
  /** Stop counting at this number. Default: count all. */
  limit?: number
  /** Aborts the count, which then rejects with `store-failed`. Default: none. */
  signal?: AbortSignal | undefined
}

/**
 * Keeps sessions in a {@link Backend}.
 *
 * Concurrent changes to a session are merged, key by key. A session that was ended is not brought back by a
 * slower request: saving it does nothing.
 */
export class ServerStore extends SessionStore {
  /** @internal */
  static override readonly name: string = 'ServerStore'

  /** The codecs of the ids in cookies, newest first. */
  readonly codecs: readonly Codec[]
  readonly #backend: Backend & Partial<OwnerIndex & Listable>
  readonly #parts: Parts

  /** Throws TypeError or RangeError for wrong options, naming them, and for a backend that lacks a promise. */
  constructor(given: Backend & Partial<OwnerIndex & Listable>, options: ServerStoreOptions = {}) {
    assertBackend(given)
    assertKnownOptions('ServerStore', options, serverStoreOptions)
    const backend = withDeadline(given, options.deadlineMs)
    // A session that is evicted is signed out, which is safe.
    assertLimitations(backend, options.acceptLimitations, undefined, ['records-may-be-evicted'])
    const settings = settingsOf(options)
    const parts = partsOf(backend, options, settings, error => {
      const event = {
        type: 'store-error',
        store: 'ServerStore',
        operation: 'notify',
        error,
      } as const
      settings.emit(event satisfies StoreErrorEvent)
    })
    super(parts.persistence, settings)
    this.codecs = parts.persistence.codecs
    this.#backend = backend
    this.#parts = parts
  }

  /**
   * The owner's active sessions, newest first. Needs a backend with an owner index. Rejects with `store-failed`.
   *
   * @param limit - how many records to read at most; then the newest sessions may be missing. Default: all
   */
  async sessionsOf(owner: string, { limit }: { limit?: number } = {}): Promise<SessionInfo[]> {
    assertOwner(owner)
    if (limit !== undefined) assertInteger('limit', limit)
    const sessions = this.#ownerSessions()
    const epoch = await this.#parts.epoch.current()
    const listed = await sessions.list(owner, limit)
    return listed
      .filter(({ body }) => body.metadata.owner === owner && epochOf(body) >= epoch)
      .map(kept => infoOf(kept, this.#parts.devices))
      .sort((one, other) => other.createdAt.getTime() - one.createdAt.getTime())
  }

  /**
   * Iterates over all active sessions of this backend, in no particular order, reading a page at a time:
   *
   *     for await (const { owner, lastSeenAt } of store.sessions()) …
   *
   * A session that exists throughout is listed at least once, or twice if the backend lists it twice. Sessions that
   * begin or end meanwhile may be listed or not. Needs a backend that can list its records: throws a TypeError
   * otherwise. The iteration rejects with `store-failed`, also when `signal` is aborted.
   */
  sessions({ signal }: { signal?: AbortSignal } = {}): AsyncIterableIterator<SessionInfo> {
    return this.#allSessions(this.#listable('sessions()'), signal)
  }

  #listable(call: string): Listable {
    if (this.#backend.all) return this.#backend as Listable
    throw new TypeError(
      `this backend cannot list its records, which ${call} needs: its store lacks the capability enumeration`,
    )
  }

  async *#allSessions(
    backend: Listable,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<SessionInfo> {
    const { records, devices, now } = this.#parts
    const epoch = await this.#parts.epoch.current()
    for await (const kept of allSessions(backend, records, now(), signal)) {
      if (epochOf(kept.body) >= epoch) yield infoOf(kept, devices)
    }
  }

  /**
   * Counts the sessions of this backend, without reading them. A session that got a new id within the last hour
   * can count twice. Needs a backend that can list its records: throws a TypeError otherwise. Rejects with
   * `store-failed`.
   */
  async count({ limit = Number.POSITIVE_INFINITY, signal }: CountOptions = {}): Promise<number> {
    if (limit !== Number.POSITIVE_INFINITY) assertInteger('limit', limit)
    return countSessions(this.#listable('count()'), limit, signal)
  }

  /**
   * The session with this handle, and its values; undefined if there is none. Reading it does not renew it. Rejects
   * with `store-failed`.
   */
  async inspect(handle: string): Promise<SessionDetails | undefined> {
    assertHandle(handle)
    if (!isId(handle)) return undefined
    const { records, epoch, devices, serializer } = this.#parts
    const [found, current] = await Promise.all([records.find(handle), epoch.current()])
    if (!found || epochOf(found.body) < current || !(await records.hasArrived(found)))
      return undefined
    const { body } = found
    return {
      ...infoOf(found, devices),
      values: valuesOf(body, serializer),
      bytes: body.payload.length,
    }
  }

  /** The handle of a session, to find it among those of its owner; undefined before its first save. */
  handleOf(session: Session<object>): string | undefined {
    const { id } = session
    if (id === undefined) return undefined
    const { kept } = Session.stateOf(session).snapshot
    return session.store === this && kept ? (kept as Tracked).key : keyOf(id)
  }

  /**
   * Ends the session with this handle, wherever it is signed in. Resolves to whether there was one.
   *
   * Throws a TypeError if the handle is not a string, or if `owner` is given and is not a string.
   *
   * @param options.owner - refuse handles of other owners' sessions, for handles that come from a form
   */
  async revoke(handle: string, options: { owner?: string } = {}): Promise<boolean> {
    assertHandle(handle)
    // An owner that is undefined by mistake must not switch the check off.
    if ('owner' in options) assertOwner(options.owner)
    const { owner } = options
    if (!isId(handle)) return false
    const found = await this.#parts.records.find(handle)
    if (!found || (owner !== undefined && found.body.metadata.owner !== owner)) return false
    await this.#parts.endings.end(handle)
    this.emit({ type: 'revoke', what: 'session', count: 1 })
    return true
  }

  /**
   * Ends every session of the owner except `except`: "sign out everywhere else". Resolves to how many there
   * were. Needs a backend with an owner index. Throws a TypeError unless `owner` is a non-empty string.
   *
   * @param except - a session, or its handle
   */
  async revokeAll(
    owner: string,
    { except }: { except?: Session<object> | string | undefined } = {},
  ): Promise<number> {
    assertOwner(owner)
    const handle = typeof except === 'string' ? handleIn(except) : except && this.handleOf(except)
    const { count, spared } = await this.#ownerSessions().end(owner, handle)
    await this.#parts.endings.notify({ owner: ownerKey(owner), except: spared })
    this.emit({ type: 'revoke', what: 'owner', count })
    return count
  }

  /**
   * Ends every session of this backend: in this process at once, in other processes within a second. If the backend
   * can list its records, it then deletes them, and the call waits for that. Sessions that begin in the meantime are
   * kept.
   */
  async revokeEverything(): Promise<void> {
    const epoch = await this.#parts.epoch.advance()
    await this.#parts.endings.notify({ everything: true })
    this.emit({ type: 'revoke', what: 'everything' })
    if (!this.#backend.all) return
    for await (const key of this.#backend.all()) await this.#removeOlder(key, epoch)
  }

  /** A backend can hold other records as well: only sessions of ours are deleted. */
  async #removeOlder(key: string, epoch: number): Promise<void> {
    const { records } = this.#parts
    const record = isId(key) ? await records.load(key) : undefined
    const body = record && records.unpack(key, record)
    if (!body || (!isTombstone(body) && epochOf(body) >= epoch)) return
    await records.remove(key)
  }

  /**
   * Calls `listener` once, when the session has ended: destroyed, revoked, replaced by a sign-in, or expired. With
   * an owner: when all sessions of the owner were ended by `revokeAll` or `revokeEverything`. Use it to close
   * sockets.
   *
   * Resolves with an unsubscribe function once subscribed; calls the listener at once if the session has
   * already ended. Rejects if it cannot subscribe, or cannot read the session.
   *
   * Throws a TypeError for a session that was never saved, and for an empty owner.
   *
   * @param target - a session that was saved, or an owner
   */
  async watch(
    target: Session<object> | string,
    listener: () => void,
  ): Promise<() => Promise<void>> {
    const { watchers } = this.#parts
    if (typeof target === 'string') {
      assertOwner(target)
      return watchers.addOwner(target, listener)
    }
    const { id, owner } = target
    if (id === undefined) throw new TypeError('save a session before you watch it')
    return watchers.addSession(keyOf(id), owner, listener)
  }

  #ownerSessions(): OwnerSessions {
    const { ofOwner, deleteOwner } = this.#backend
    if (!ofOwner || !deleteOwner) {
      throw new TypeError('this backend has no owner index, which sessions of an owner need')
    }
    const { records, ownerEpochs } = this.#parts
    return new OwnerSessions(this.#backend as OwnerIndex, records, ownerEpochs)
  }
}

function infoOf({ key, body, expires }: Kept, devices: Devices | undefined): SessionInfo {
  const { name, created, metadata, idle } = body
  const { label, owner, authenticatedAt, userAgent, address } = metadata
  return {
    handle: key,
    name,
    label: label ?? devices?.labelOf(metadata),
    createdAt: dateOf(created),
    expiresAt: dateOf(expires),
    lastSeenAt: dateOf(Math.max(created, expires - idle)),
    owner,
    authenticatedAt: authenticatedAt === undefined ? undefined : dateOf(authenticatedAt),
    userAgent,
    address,
  }
}

/** What a store is made of. */
interface Parts {
  readonly persistence: ServerPersistence
  readonly records: Records
  readonly endings: Endings
  readonly epoch: Epoch
  readonly ownerEpochs: OwnerEpochs
  readonly watchers: Watchers
  readonly devices: Devices | undefined
  readonly serializer: Serializer
  readonly now: () => number
}

function settingsOf(options: ServerStoreOptions): Settings {
  const { keys, cacheBytes, encrypt, cookieCache } = options
  if (encrypt && !keys) throw new TypeError('encrypt needs keys')
  if (cookieCache && !keys) throw new TypeError('cookieCache needs keys')
  if (cookieCache && (options.transport ?? 'cookie') !== 'cookie') {
    throw new TypeError("cookieCache needs transport: 'cookie': the copy is a cookie; leave it out")
  }
  const shared = Object.fromEntries(
    sessionStoreOptions.flatMap(option =>
      Object.hasOwn(options, option) ? [[option, options[option]]] : [],
    ),
  )
  const secrets = keys ? { keys, ...(cacheBytes !== undefined && { cacheBytes }) } : undefined
  const known = [...sessionStoreOptions, 'keys', 'cacheBytes', 'codecs']
  const codecs = [new PlainIds()]
  return new Settings('ServerStore', { ...shared, ...(secrets ?? { codecs }) }, known, true)
}

function partsOf(
  backend: Backend & Partial<OwnerIndex>,
  options: ServerStoreOptions,
  settings: Settings,
  onFailure: (error: Error) => void,
): Parts {
  const { now } = settings
  const { encrypt, cookieCache, rotation = {}, maxPerOwner, serializer = json } = options
  assertKnownOptions('rotation', rotation, ['every', 'grace'])
  const { every = Number.MAX_SAFE_INTEGER, grace = 0 } = rotation
  const maxBytes = assertInteger('maxRecordBytes', options.maxRecordBytes ?? 65_536)
  const onConflict = assertOneOf('onConflict', options.onConflict ?? 'merge', ['merge', 'throw'])
  const packer = new RecordPacker(encrypt ? recordCodecs(settings, maxBytes) : undefined, maxBytes)
  assertInteger('rotation.grace', grace, 0)
  const records = new Records(backend, packer, grace, now)
  const counters = new Counters(backend)
  const epoch = new Epoch(counters, now)
  const ownerEpochs = new OwnerEpochs(counters, now)
  const pubsub = options.pubsub ?? localPubSub()
  const watchers = new Watchers({ pubsub, records, epoch, ownerEpochs, now, onFailure })
  const endings = new Endings(records, watchers, onFailure)
  const writer = new RecordWriter({
    records,
    endings,
    epoch,
    ownerEpochs,
    limit: maxPerOwner === undefined ? undefined : limitOf(backend, maxPerOwner),
    merging: { serializer, onConflict },
    rotateEvery: assertInteger('rotation.every', every),
    now,
  })
  const devices = options.devices === undefined ? undefined : new Devices(options.devices)
  const persistence = new ServerPersistence({
    backend,
    idCodecs: settings.codecsFor('session record id'),
    serializer,
    records,
    writer,
    endings,
    epoch,
    devices,
    readCache: cookieCache && readCacheOf(settings, cookieCache.maxAge),
    now,
  })
  return { persistence, records, endings, epoch, ownerEpochs, watchers, devices, serializer, now }
}

function recordCodecs(settings: Settings, maxRecordBytes: number): readonly Codec[] {
  // A record has an expiry of its own.
  const unlimited = { maxAge: tenYears, maxLifetime: tenYears }
  const maxLength = Math.ceil((maxRecordBytes + 100) / 3) * 4
  return settings.codecsFor('session record', {
    serializer: nop,
    maxLength,
    cacheBytes: 0,
    ...unlimited,
  })
}

function readCacheOf(settings: Settings, seconds: number): ReadCache {
  assertInteger('cookieCache.maxAge', seconds)
  const limits = { maxAge: seconds, maxLifetime: seconds }
  return new ReadCache(settings.codecsFor('session copy', { serializer: nop, ...limits }), seconds)
}

/** A malformed handle never reaches the backend: it is that of no session. */
function handleIn(text: string): string | undefined {
  return isId(text) ? text : undefined
}

function assertHandle(handle: unknown): void {
  if (typeof handle === 'string') return
  throw new TypeError(`handle must be a string, not ${describeKind(handle)}`)
}

function dateOf(seconds: number): Date {
  return new Date(seconds * 1000)
}

/** Ids as they are, for stores without keys: 256 random bits need no signature. */
class PlainIds implements Codec {
  /** Negative once every session was ended. The age of a session is checked by its record. */
  maxAge = 0

  encode(_: string, id: unknown): string {
    return id as string
  }

  decode(_: string, text: string): unknown {
    if (this.maxAge < 0) throw new SessionError('timestamp-expired', 'every session has ended')
    if (text.length > maxCookieBytes) throw new SessionError('text-too-long', 'the id is too long')
    return text
  }
}

function assertBackend(backend: unknown): void {
  if (typeof (backend as Partial<Backend> | null | undefined)?.load === 'function') return
  const hint = hintFor(backend)
  throw new TypeError(
    `ServerStore takes a backend first, such as memory(), not ${describeKind(backend)}${hint}`,
  )
}

function hintFor(given: unknown): string {
  if (typeof given === 'function') return `; call it: ${given.name || 'backend'}()`
  if (typeof given === 'string')
    return '; connect a client and pass it to its backend: redis(client)'
  const isOptions = typeof given === 'object' && given !== null
  return isOptions ? '; pass options second: new ServerStore(memory(), { keys })' : ''
}

function limitOf(backend: Backend, maxPerOwner: number | MaxPerOwner): OwnerLimit {
  const limit = typeof maxPerOwner === 'number' ? { count: maxPerOwner } : maxPerOwner
  return new OwnerLimit(backend, limit)
}
