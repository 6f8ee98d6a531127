/**
 * Sessions on the server: the cookie carries an id, a {@link Backend} keeps the record.
 *
 * @module
 */

import type { Backend, Limitation, Listable, OwnerIndex } from '../backends/backend.ts'
import { isId, keyOf, ownerKey } from '../backends/ids.ts'
import { localPubSub, type PubSub } from '../backends/pubsub.ts'
import { type Codec, encodeMulti, type Renewal } from '../codec/codec.ts'
import { json } from '../codec/serializers/json.ts'
import { nop } from '../codec/serializers/nop.ts'
import type { Serializer } from '../codec/serializers/serializer.ts'
import { SessionError } from '../errors.ts'
import type { Cookie } from '../http/cookie.ts'
import type { RequestLike } from '../http/request.ts'
import { assertInteger } from '../lib/assert-options.ts'
import { clockSkew } from '../lib/clock.ts'
import { storeOperation } from '../lib/store-errors.ts'
import type { SaveOutcome } from '../session/events.ts'
import type { SessionMarks, SessionMetadata } from '../session/metadata.ts'
import type { Session } from '../session/session.ts'
import type { Capability } from '../session/store.ts'
import { CodecStore, type CodecStoreOptions, type Reading } from './codec-store.ts'
import { openText } from './open-text.ts'
import { Counters } from './revocation/counters.ts'
import { Epoch } from './revocation/epoch.ts'
import { Endings } from './server/endings.ts'
import { type MaxPerOwner, OwnerLimit } from './server/owner-limit.ts'
import { BrowserCopies } from './server/read-cache.ts'
import { RecordBodies } from './server/record-bodies.ts'
import { isMoved, type Moved, type RecordBody } from './server/record-format.ts'
import { RecordPacker } from './server/record-packer.ts'
import { RecordWriter } from './server/record-writer.ts'
import { type Kept, Records } from './server/records.ts'
import { Watchers } from './server/watchers.ts'

/** What a {@link ServerStore} can be told. */
export interface ServerStoreOptions extends Omit<CodecStoreOptions, 'codecs'> {
  /** Between values and bytes. Default {@link json}. */
  serializer?: Serializer
  /** Keep records encrypted, bound to their ids. Needs `keys`. Default false. */
  encrypt?: boolean
  /** Most bytes of a record. Default 65,536. */
  maxRecordBytes?: number
  /**
   * When two requests changed the same key: the later save counts (`'merge'`, the default), or
   * rejects with `conflict` (`'throw'`). Changes to different keys are merged in any case.
   */
  onConflict?: 'merge' | 'throw'
  /** Promises of the contract that may be missing: a backend that lacks others is refused. */
  acceptLimitations?: readonly Limitation[]
  /** New ids beside those of `session.rotate()` and `login()`. */
  rotation?: {
    /** Give a session a new id when its id is as old as this, in seconds. Left out: never. */
    every?: number
    /**
     * For how many seconds after a rotation requests that were sent with the old id may still read the
     * session. Default 0: none. Not after a `login`.
     */
    grace?: number
  }
  /** Sessions that one owner may have at once: a number, or with what happens to one more. */
  maxPerOwner?: number | MaxPerOwner
  /**
   * Let a copy in a second, sealed cookie answer reads for up to `maxAge` seconds, without the backend.
   * For as long an ended session may still be read elsewhere; `get(…, { fresh: true })` asks the
   * backend. Needs `keys`.
   */
  cookieCache?: { maxAge: number }
  /**
   * What tells {@link ServerStore.watch} in other processes of sessions that ended here:
   * `redisPubSub(…)`, `postgresPubSub(…)`. Left out: only this store is told.
   */
  pubsub?: PubSub
}

/** A session of an owner, as {@link ServerStore.sessionsOf} lists it. */
export interface SessionInfo {
  /** Names the session for {@link ServerStore.revoke}. No cookie can be made of it. */
  readonly handle: string
  /** The name of its cookie. */
  readonly name: string
  /** What the application called it. */
  readonly label: string | undefined
  /** When it began, and when it ends unless it is used: Unix times in seconds. */
  readonly created: number
  readonly expires: number
  /** When it was last used, as exactly as idle times are renewed: Unix time in seconds. */
  readonly lastSeen: number
  /** When its owner last proved who they are: Unix time in seconds. */
  readonly authenticatedAt: number | undefined
}

const tenYears = 10 * 365 * 86_400

/**
 * Keeps sessions in a {@link Backend}.
 *
 * Two requests that change a session at once are merged, key by key; a session that was ended is not
 * brought back by a slower request: saving it does nothing.
 */
export class ServerStore extends CodecStore {
  readonly #backend: Backend & Partial<OwnerIndex & Listable>
  readonly #serializer: Serializer
  readonly #records: Records
  readonly #bodies: RecordBodies
  readonly #writer: RecordWriter
  readonly #endings: Endings
  readonly #epoch: Epoch
  readonly #copies: BrowserCopies | undefined
  readonly #watchers: Watchers

  /** Throws TypeError or RangeError for wrong options, and for a backend that promises too little. */
  constructor(backend: Backend & Partial<OwnerIndex & Listable>, options: ServerStoreOptions = {}) {
    const { keys, encrypt, cookieCache, rotation = {}, maxPerOwner } = options
    super(keys ? options : { ...options, codecs: [new PlainIds()] }, 'session record id')
    assertLimitations(backend, options.acceptLimitations ?? [])
    this.#backend = backend
    this.#serializer = options.serializer ?? json
    if (encrypt && !keys) throw new TypeError('encrypt needs keys')
    if (cookieCache && !keys) throw new TypeError('cookieCache needs keys')
    const maxBytes = assertInteger('maxRecordBytes', options.maxRecordBytes ?? 65_536)
    const { every = Number.MAX_SAFE_INTEGER, grace = 0 } = rotation
    this.#records = new Records({
      backend,
      packer: new RecordPacker(encrypt ? this.#sealing(maxBytes) : undefined, maxBytes),
      absoluteOf: name => this.lifetimeOf(name).absolute,
      grace: assertInteger('rotation.grace', grace, 0),
      now: this.now,
    })
    this.#bodies = new RecordBodies({
      serializer: this.#serializer,
      onConflict: options.onConflict ?? 'merge',
      metadataOf: session => this.metadataOf(session),
      lifetimeOf: name => this.lifetimeOf(name),
      now: this.now,
    })
    this.#epoch = new Epoch(new Counters(backend), this.now)
    this.#watchers = new Watchers(options.pubsub ?? localPubSub())
    this.#endings = new Endings(this.#records, this.#watchers, error =>
      this.tell({ type: 'store-error', store: this.constructor.name, operation: 'notify', error }),
    )
    this.#writer = new RecordWriter({
      records: this.#records,
      bodies: this.#bodies,
      endings: this.#endings,
      epoch: this.#epoch,
      limit: maxPerOwner === undefined ? undefined : limitOf(backend, maxPerOwner),
      rotateEvery: assertInteger('rotation.every', every),
      now: this.now,
    })
    this.#copies = cookieCache && this.#browserCopies(cookieCache.maxAge)
  }

  override get capabilities(): ReadonlySet<Capability> {
    const own: Capability[] = ['merging', 'revocation']
    if (this.#backend.ofOwner) own.push('owners', 'listing')
    return new Set([...super.capabilities, ...own])
  }

  protected override get keepsMetadata(): boolean {
    return true
  }

  /**
   * The owner's sessions that are alive, the newest first. Needs a backend with an owner index.
   */
  async sessionsOf(owner: string): Promise<SessionInfo[]> {
    const index = this.#ownerIndex()
    const epoch = await this.#epoch.current()
    const handles = await storeOperation('ofOwner', () => index.ofOwner(ownerKey(owner)))
    const infos = await Promise.all(handles.map(handle => this.#info(handle, owner, epoch)))
    return infos
      .filter(info => info !== undefined)
      .sort((one, other) => other.created - one.created)
  }

  /** The handle of a session, to find it among those of its owner; undefined before its first save. */
  handleOf(session: Session<object>): string | undefined {
    const { id } = session
    return id === undefined ? undefined : (this.#writer.knownOf(session)?.key ?? keyOf(id))
  }

  /**
   * Ends the session of this handle, wherever it is signed in. Answers whether there was one.
   *
   * @param owner - refuse the handle of anybody else's session, for handles that come from a form
   */
  async revoke(handle: string, { owner }: { owner?: string | undefined } = {}): Promise<boolean> {
    if (!isId(handle)) return false
    const found = await this.#records.find(handle)
    if (!found || (owner !== undefined && found.body.metadata.owner !== owner)) return false
    await this.#endings.end(handle)
    this.#tellRevoked('session', 1)
    return true
  }

  /**
   * Ends every session of the owner, but for `except`: "sign out everywhere else". Answers how many
   * there were. Needs a backend with an owner index.
   */
  async revokeAll(
    owner: string,
    { except }: { except?: Session<object> | undefined } = {},
  ): Promise<number> {
    const index = this.#ownerIndex()
    const handle = except && this.handleOf(except)
    const spared = handle === undefined ? [] : [handle]
    const key = ownerKey(owner)
    const count = await storeOperation('deleteOwner', () =>
      index.deleteOwner(key, { except: spared }),
    )
    await this.#endings.tell({ owner: key, except: spared })
    this.#tellRevoked('owner', count)
    return count
  }

  /**
   * Ends every session of this backend: within a second everywhere, and here at once. Then removes what
   * is kept of them, where the backend lists its records; for as long as that takes, the call lasts.
   * Sessions that begin meanwhile stay.
   */
  async revokeEverything(): Promise<void> {
    const epoch = await this.#epoch.advance()
    await this.#endings.tell({ everything: true })
    this.#tellRevoked('everything')
    if (!this.#backend.all) return
    for await (const key of this.#backend.all()) await this.#removeOlder(key, epoch)
  }

  /** Others keep things in a backend, too: only what is a session of ours goes. */
  async #removeOlder(key: string, epoch: number): Promise<void> {
    const record = isId(key) ? await this.#records.load(key) : undefined
    const body = record && this.#records.unpack(key, record)
    if (!body || (!isMoved(body) && epochOf(body) >= epoch)) return
    await this.#records.remove(key)
  }

  /**
   * Calls `listener` once, when the session has ended, or all of an owner's have: destroyed, revoked,
   * replaced by a sign-in. What to close sockets by. A session that expires is not told of.
   *
   * Resolves when it listens, with what ends that; a session that has ended already is told of at once.
   * Rejects when it cannot listen.
   *
   * @param target - a session that was saved, or an owner
   */
  async watch(
    target: Session<object> | string,
    listener: () => void,
  ): Promise<() => Promise<void>> {
    if (typeof target === 'string') {
      return this.#watchers.add({ owner: ownerKey(target) }, listener)
    }
    const { id, owner } = target
    if (id === undefined) throw new TypeError('a session is watched once it was saved')
    const key = keyOf(id)
    const watched = { key, owner: owner && ownerKey(owner) }
    const stop = await this.#watchers.add(watched, listener)
    const found = await this.#records.find(key)
    if (found?.key === key) return stop
    await stop()
    // It has another id by now, or has ended before anybody listened.
    if (found) return this.#watchers.add({ ...watched, key: found.key }, listener)
    listener()
    return async () => undefined
  }

  protected async read<T extends object>(
    name: string,
    text: string,
    { request, fresh }: Reading,
  ): Promise<Session<T>> {
    const cookie = openText(name, text, this.codecs)
    if ('reason' in cookie) return this.begin(name, cookie.reason, cookie.refusals)
    const id = cookie.opened.value
    if (!isId(id)) return this.begin(name, 'malformed')
    // When to renew for its age, the record knows: it is what the request writes then.
    const renewal = cookie.opened.renewal === 'old-key' ? 'old-key' : undefined
    const key = keyOf(id)
    const copy = fresh ? undefined : this.#copies?.read(request, name, key)
    if (copy && copy.expires > this.now())
      return this.#resume(name, copy, { id, isCopy: true }, renewal)
    return this.#load(name, id, key, renewal)
  }

  async #load<T extends object>(
    name: string,
    id: string,
    key: string,
    renewal: Renewal | undefined,
  ): Promise<Session<T>> {
    // Both at once, when the epoch has to be asked for at all.
    const [record, epoch] = await Promise.all([this.#records.load(key), this.#epoch.current()])
    if (!record) return this.begin(name, 'unknown-id')
    const body = this.#records.unpack(key, record)
    if (isMoved(body)) return this.#resumeMoved(name, id, body, epoch)
    if (!body) return this.begin(name, 'malformed')
    if (body.name !== name) return this.begin(name, 'unknown-id')
    if (epochOf(body) < epoch) return this.begin(name, 'revoked')
    const { version, expires } = record
    return this.#resume(name, { key, body, version, expires }, { id }, renewal)
  }

  #resume<T extends object>(
    name: string,
    kept: Kept,
    state: { id: string; isCopy?: boolean; isReadOnly?: boolean },
    renewal: Renewal | undefined,
  ): Session<T> {
    const { payload, created, idle, isTold, metadata } = kept.body
    const { id, isReadOnly } = state
    // Written by a clock that was ahead: it would last for longer than it was told.
    const latest = this.now() + clockSkew
    if (Math.max(created, kept.expires - idle) > latest) return this.begin(name, 'too-new')
    const opened = {
      value: this.#bodies.valuesOf(kept.body),
      payload,
      serializer: this.#serializer,
      startedAt: created,
      maxAge: isTold ? idle : undefined,
      // At the end of its life there is nothing to renew.
      issuedAt: kept.expires >= this.#records.endOf(kept.body) ? undefined : kept.expires - idle,
      renewal: renewal ?? (this.#writer.isRotationDue(kept.body) ? 'rotation' : undefined),
    }
    const session = this.resume<T>(name, opened, metadata, state)
    if (!session.isNew) {
      const { key, body, version, expires } = kept
      this.#writer.know(session, { key, body, version, expires, id: isReadOnly ? undefined : id })
    }
    return session
  }

  /** The session that has another id by now, to be read and no more, if that is allowed still. */
  async #resumeMoved<T extends object>(
    name: string,
    id: string,
    moved: Moved,
    epoch: number,
  ): Promise<Session<T>> {
    const key = moved.successor
    const record = this.now() < moved.until ? await this.#records.load(key) : undefined
    const body = record && this.#records.unpack(key, record)
    if (!record || !body || isMoved(body) || body.name !== name)
      return this.begin(name, 'unknown-id')
    if (epochOf(body) < epoch) return this.begin(name, 'revoked')
    const { version, expires } = record
    return this.#resume(name, { key, body, version, expires }, { id, isReadOnly: true }, undefined)
  }

  protected async write(session: Session<object>): Promise<string | undefined> {
    const id = await this.#writer.write(session)
    return id && encodeMulti(session.name, id, this.codecs, this.contextOf(session))
  }

  protected async erase(session: Session<object>): Promise<void> {
    const { id } = session
    if (id === undefined) return
    const key = keyOf(id)
    await this.#endings.end(key)
    // Where it was found, when it is read under an old id that leads nowhere any more.
    const known = this.#writer.knownOf(session)
    if (known && known.key !== key) await this.#endings.end(known.key)
  }

  /** See {@link Store.takeFlashes}. */
  takeFlashes(session: Session<object>, key: string): Promise<unknown[]> {
    return this.#writer.takeFlashes(session, key)
  }

  protected override conflictsOf(session: Session<object>): number {
    return this.#writer.conflictsOf(session)
  }

  protected override metadataRead(session: Session<object>): SessionMetadata {
    return this.#writer.knownOf(session)?.body.metadata ?? super.metadataRead(session)
  }

  protected override payloadRead(session: Session<object>): Uint8Array | undefined {
    return this.#writer.knownOf(session)?.body.payload ?? super.payloadRead(session)
  }

  protected override async hasEndedEverything(): Promise<boolean> {
    return (await this.#epoch.current()) > 0
  }

  protected override marksOf(session: Session<object>): SessionMarks {
    return this.metadataRead(session)
  }

  protected override companions(
    session: Session<object>,
    request: RequestLike,
    outcome: SaveOutcome,
  ): readonly Cookie[] {
    const copies = this.#copies
    if (!copies) return []
    const kept = this.#writer.knownOf(session)
    const isAlive = kept && outcome !== 'destroyed' && outcome !== 'dropped'
    if (isAlive && outcome === 'unchanged' && session.isCopy) return []
    const copy = isAlive ? copies.cookie(kept, session.options) : undefined
    const cookie = copy ?? copies.deletion(request, session.name, session.options)
    return cookie ? [cookie] : []
  }

  async #info(handle: string, owner: string, epoch: number): Promise<SessionInfo | undefined> {
    const record = await this.#records.load(handle)
    const body = record && this.#records.unpack(handle, record)
    if (!body || isMoved(body) || epochOf(body) < epoch) return undefined
    const { name, created, metadata, idle } = body
    if (metadata.owner !== owner) return undefined
    const { label, authenticatedAt } = metadata
    const lastSeen = Math.max(created, record.expires - idle)
    return { handle, name, label, created, expires: record.expires, lastSeen, authenticatedAt }
  }

  #ownerIndex(): OwnerIndex {
    const { ofOwner, deleteOwner } = this.#backend
    if (!ofOwner || !deleteOwner) {
      throw new TypeError('this backend does not find sessions by their owner')
    }
    return this.#backend as OwnerIndex
  }

  #tellRevoked(what: 'session' | 'owner' | 'everything', count?: number): void {
    this.tell({ type: 'revoke', store: this.constructor.name, what, count })
  }

  #sealing(maxRecordBytes: number): readonly Codec[] {
    // How long a record counts, its own moment says.
    const lasting = { maxAge: tenYears, maxLifetime: tenYears }
    const maxLength = Math.ceil((maxRecordBytes + 100) / 3) * 4
    const settings = { serializer: nop, maxLength, cacheBytes: 0, ...lasting }
    return this.codecsFor('session record', settings)
  }

  #browserCopies(seconds: number): BrowserCopies {
    assertInteger('cookieCache.maxAge', seconds)
    const settings = { serializer: nop, maxAge: seconds, maxLifetime: seconds }
    return new BrowserCopies(this.codecsFor('session copy', settings), seconds)
  }
}

/** How often all sessions had been ended when this one began. */
function epochOf({ metadata }: RecordBody): number {
  return metadata.epoch ?? 0
}

/** Ids as they are, for stores without keys: 256 random bits need no signature. */
class PlainIds implements Codec {
  /** Negative when every session has ended; how old others may be, their records know. */
  maxAge = 0

  encode(_: string, id: unknown): string {
    return id as string
  }

  decode(_: string, text: string): unknown {
    if (this.maxAge < 0) throw new SessionError('timestamp-expired', 'every session has ended')
    return text
  }
}

/** Throws a TypeError that names the promises that are missing and not allowed to be. */
function assertLimitations(backend: Backend, allowed: readonly Limitation[]): void {
  const missing = (backend.limitations ?? []).filter(limitation => !allowed.includes(limitation))
  if (missing.length === 0) return
  const list = missing.map(limitation => `'${limitation}'`).join(', ')
  throw new TypeError(
    `this backend cannot keep every promise; to use it all the same: acceptLimitations: [${list}]`,
  )
}

function limitOf(backend: Backend, maxPerOwner: number | MaxPerOwner): OwnerLimit {
  const limit = typeof maxPerOwner === 'number' ? { count: maxPerOwner } : maxPerOwner
  return new OwnerLimit(backend, limit)
}
