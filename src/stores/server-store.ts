/**
 * Sessions on the server: the cookie carries an id, a {@link Backend} keeps the record.
 *
 * @module
 */

import type { Backend, Limitation, Listable, OwnerIndex } from '../backends/backend.ts'
import { isId, keyOf, ownerKey } from '../backends/ids.ts'
import { localPubSub, type PubSub } from '../backends/pubsub.ts'
import type { Codec } from '../codec/codec.ts'
import type { KeyList, Keyring } from '../codec/keyring.ts'
import { json } from '../codec/serializers/json.ts'
import { nop } from '../codec/serializers/nop.ts'
import type { Serializer } from '../codec/serializers/serializer.ts'
import { SessionError } from '../errors.ts'
import { maxCookieBytes } from '../http/chunks.ts'
import { assertInteger, assertKnownOptions, assertOneOf } from '../lib/assert-options.ts'
import { tenYears } from '../lib/clock.ts'
import { describeKind } from '../lib/describe.ts'
import { storeOperation } from '../lib/store-errors.ts'
import { emit, type StoreErrorEvent } from '../session/events.ts'
import { assertOwner } from '../session/owner.ts'
import { Session } from '../session/session.ts'
import { assertLimitations } from './limitations.ts'
import { Counters } from './revocation/counters.ts'
import { Epoch } from './revocation/epoch.ts'
import { OwnerEpochs } from './revocation/owner-epochs.ts'
import { Endings } from './server/endings.ts'
import { type MaxPerOwner, OwnerLimit } from './server/owner-limit.ts'
import { ReadCache } from './server/read-cache.ts'
import { isTombstone } from './server/record-format.ts'
import { RecordPacker } from './server/record-packer.ts'
import { RecordWriter, type Tracked } from './server/record-writer.ts'
import { Records } from './server/records.ts'
import { epochOf, ServerPersistence } from './server/server-persistence.ts'
import { Watchers } from './server/watchers.ts'
import { SessionStore } from './session-store.ts'
import { type SessionStoreOptions, Settings, sessionStoreOptions } from './settings.ts'

/** Options of a {@link ServerStore}. */
export interface ServerStoreOptions extends SessionStoreOptions {
  /** Secret keys, newest first, that seal the ids in cookies. Without them, ids are sent as they are. */
  keys?: KeyList | Keyring
  /** With `keys`: memory for ids that were opened before, in bytes. 0 = none. Default 1 MiB. */
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
  /** Limitations of the backend that you accept: a backend with others is refused. */
  acceptLimitations?: readonly Limitation[]
  /** New ids besides those of `session.rotate()` and `login()`. */
  rotation?: {
    /** Replace a session's id when it is this old, in seconds. Default: never. */
    every?: number
    /**
     * How long after a rotation requests with the old id can still read the session, in seconds. Default 0.
     * It does not apply after a `login`.
     */
    grace?: number
  }
  /** How many sessions one owner can have at once: a number, or with what happens to one more. */
  maxPerOwner?: number | MaxPerOwner
  /**
   * Serve reads for up to `maxAge` seconds from a copy in a second, sealed cookie, without the backend. For as
   * long, a session that was ended can still be read elsewhere; `get(…, { fresh: true })` asks the backend.
   * Needs `keys`.
   */
  cookieCache?: { maxAge: number }
  /**
   * Carries {@link ServerStore.watch} notices to other processes: `redisPubSub(…)`, `postgresPubSub(…)`.
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
  'pubsub',
] as const satisfies (keyof ServerStoreOptions)[]

/** A session of an owner, as {@link ServerStore.sessionsOf} lists it. */
export interface SessionInfo {
  /** Identifies the session for {@link ServerStore.revoke}. It cannot be turned into a cookie. */
  readonly handle: string
  /** The name of its cookie. */
  readonly name: string
  /** What the application called it. */
  readonly label: string | undefined
  readonly createdAt: Date
  /** When it ends unless it is used. */
  readonly expiresAt: Date
  /** When it was last used, as precisely as idle times are renewed. */
  readonly lastSeenAt: Date
  /** When its owner last authenticated. */
  readonly authenticatedAt: Date | undefined
}

/**
 * Keeps sessions in a {@link Backend}.
 *
 * Concurrent changes to a session are merged, key by key. A session that was ended is not brought back by a
 * slower request: saving it does nothing.
 */
export class ServerStore extends SessionStore {
  /** The codecs of the ids in cookies, newest first. */
  readonly codecs: readonly Codec[]
  readonly #backend: Backend & Partial<OwnerIndex & Listable>
  readonly #parts: Parts

  /** Throws TypeError or RangeError for wrong options, naming them, and for a backend that lacks a promise. */
  constructor(backend: Backend & Partial<OwnerIndex & Listable>, options: ServerStoreOptions = {}) {
    assertBackend(backend)
    assertKnownOptions('ServerStore', options, serverStoreOptions)
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
      emit(settings.hooks, event satisfies StoreErrorEvent)
    })
    super(parts.persistence, settings)
    this.codecs = parts.persistence.codecs
    this.#backend = backend
    this.#parts = parts
  }

  /**
   * The owner's active sessions, newest first. Needs a backend with an owner index. Rejects with `store-failed`.
   */
  async sessionsOf(owner: string): Promise<SessionInfo[]> {
    assertOwner(owner)
    const index = this.#ownerIndex()
    const epoch = await this.#parts.epoch.current()
    const handles = await storeOperation('ofOwner', () => index.ofOwner(ownerKey(owner)))
    const infos = await Promise.all(handles.map(handle => this.#info(handle, owner, epoch)))
    return infos
      .filter(info => info !== undefined)
      .sort((one, other) => other.createdAt.getTime() - one.createdAt.getTime())
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
   * @param owner - refuse handles of other owners' sessions, for handles that come from a form
   */
  async revoke(handle: string, options: { owner?: string } = {}): Promise<boolean> {
    if (typeof handle !== 'string') {
      throw new TypeError(`handle must be a string, not ${describeKind(handle)}`)
    }
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
   */
  async revokeAll(
    owner: string,
    { except }: { except?: Session<object> | undefined } = {},
  ): Promise<number> {
    assertOwner(owner)
    const index = this.#ownerIndex()
    const handle = except && this.handleOf(except)
    const spared = handle === undefined ? [] : [handle]
    const key = ownerKey(owner)
    // First: a request that stores a session which is not listed yet will notice, and end it.
    const failure = await this.#parts.ownerEpochs.advance(owner).catch((error: Error) => error)
    let count = await deleteAll(index, key, spared)
    if (failure) {
      // A full disk has room again now.
      await this.#parts.ownerEpochs.advance(owner)
      count += await deleteAll(index, key, spared)
    }
    await this.#parts.endings.notify({ owner: key, except: spared })
    this.emit({ type: 'revoke', what: 'owner', count })
    return count
  }

  /**
   * Ends every session of this backend: here at once, in other processes within a second. Then deletes their
   * records, if the backend can list them, which the call waits for. Sessions that begin meanwhile are kept.
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

  async #info(handle: string, owner: string, epoch: number): Promise<SessionInfo | undefined> {
    const { records } = this.#parts
    const record = await records.load(handle)
    const body = record && records.unpack(handle, record)
    if (!record || !body || isTombstone(body) || epochOf(body) < epoch) return undefined
    const { name, created, metadata, idle } = body
    if (metadata.owner !== owner) return undefined
    const { label, authenticatedAt } = metadata
    return {
      handle,
      name,
      label,
      createdAt: dateOf(created),
      expiresAt: dateOf(record.expires),
      lastSeenAt: dateOf(Math.max(created, record.expires - idle)),
      authenticatedAt: authenticatedAt === undefined ? undefined : dateOf(authenticatedAt),
    }
  }

  #ownerIndex(): OwnerIndex {
    const { ofOwner, deleteOwner } = this.#backend
    if (!ofOwner || !deleteOwner) {
      throw new TypeError('this backend has no owner index, which sessions of an owner need')
    }
    return this.#backend as OwnerIndex
  }
}

/** Passes over an owner's sessions, of which the last finds none. */
const maxPasses = 10

/** Deletes the owner's sessions, again until none has come since they were listed. Returns how many. */
async function deleteAll(
  index: OwnerIndex,
  owner: string,
  except: readonly string[],
): Promise<number> {
  let count = 0
  for (let pass = 0; pass < maxPasses; pass++) {
    const deleted = await storeOperation('deleteOwner', () => index.deleteOwner(owner, { except }))
    if (deleted === 0) break
    count += deleted
  }
  return count
}

/** What a store is made of. */
interface Parts {
  readonly persistence: ServerPersistence
  readonly records: Records
  readonly endings: Endings
  readonly epoch: Epoch
  readonly ownerEpochs: OwnerEpochs
  readonly watchers: Watchers
}

function settingsOf(options: ServerStoreOptions): Settings {
  const { keys, cacheBytes, encrypt, cookieCache } = options
  if (encrypt && !keys) throw new TypeError('encrypt needs keys')
  if (cookieCache && !keys) throw new TypeError('cookieCache needs keys')
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
  const persistence = new ServerPersistence({
    backend,
    idCodecs: settings.codecsFor('session record id'),
    serializer,
    records,
    writer,
    endings,
    epoch,
    readCache: cookieCache && readCacheOf(settings, cookieCache.maxAge),
    now,
  })
  return { persistence, records, endings, epoch, ownerEpochs, watchers }
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
  const hint = typeof backend === 'function' ? `; call it: ${backend.name || 'backend'}()` : ''
  throw new TypeError(
    `ServerStore takes a backend first, such as memory(), not ${describeKind(backend)}${hint}`,
  )
}

function limitOf(backend: Backend, maxPerOwner: number | MaxPerOwner): OwnerLimit {
  const limit = typeof maxPerOwner === 'number' ? { count: maxPerOwner } : maxPerOwner
  return new OwnerLimit(backend, limit)
}
