/**
 * Sessions on the server: the cookie carries an id, a {@link Backend} keeps the record.
 *
 * @module
 */

import type { Backend, Limitation, Listable, OwnerIndex, StoredRecord } from './backend.ts'
import { type Codec, encodeMulti, type Renewal } from './codec/codec.ts'
import { json } from './codec/serializers/json.ts'
import { nop } from './codec/serializers/nop.ts'
import type { Serializer } from './codec/serializers/serializer.ts'
import { CodecStore, type CodecStoreOptions, openText, type Reading } from './codec-store.ts'
import { SessionError } from './errors.ts'
import type { SaveOutcome } from './events.ts'
import type { Cookie } from './http/cookie.ts'
import type { RequestLike } from './http/request.ts'
import { isId, keyOf, newId, ownerKey } from './ids.ts'
import { attempt } from './lib/attempt.ts'
import { beside } from './lib/beside.ts'
import { wholeNumber } from './lib/checks.ts'
import { clockSkew } from './lib/clock.ts'
import { pause } from './lib/pause.ts'
import { ownLifetime } from './lifetime.ts'
import { adopt, merge } from './merge.ts'
import { mergeMetadata, type SessionMetadata } from './metadata.ts'
import { Counters } from './revocation/counters.ts'
import { Epoch } from './revocation/epoch.ts'
import { BrowserCopies } from './server/browser-copies.ts'
import { localNotices, type Notices } from './server/notices.ts'
import { type MaxPerOwner, OwnerLimit } from './server/owner-limit.ts'
import { isMoved, isSameBody, type Moved, type RecordBody } from './server/record.ts'
import { RecordPacker } from './server/record-packer.ts'
import { type Found, type Kept, Records } from './server/records.ts'
import { type Notice, Watchers } from './server/watchers.ts'
import { Session, type Values } from './session.ts'
import type { Capability } from './store.ts'

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
  allow?: readonly Limitation[]
  /** New ids beside those of `session.rotate()` and `login()`. */
  rotation?: {
    /** Give a session a new id when its id is as old as this, in seconds. Left out: never. */
    every?: number
    /**
     * For how many seconds after a rotation requests that were sent with the old id may still read the
     * session. Default 0: none. Not after a `login`.
     */
    graceSeconds?: number
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
   * `redisNotices(…)`, `postgresNotices(…)`. Left out: only this store is told.
   */
  notices?: Notices
}

/** What a session was read from, or written to. */
interface Known extends Kept {
  /** Whether this request wrote it. */
  readonly isOwn?: boolean
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

/** Tries to write against others who write the same session. */
const attempts = 50

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
  readonly #onConflict: 'merge' | 'throw'
  readonly #epoch: Epoch
  readonly #limit: OwnerLimit | undefined
  readonly #copies: BrowserCopies | undefined
  readonly #watchers: Watchers
  readonly #rotateEvery: number
  readonly #kept = beside<Known>()
  readonly #conflicts = beside<number>()

  /** Throws TypeError or RangeError for wrong options, and for a backend that promises too little. */
  constructor(backend: Backend & Partial<OwnerIndex & Listable>, options: ServerStoreOptions = {}) {
    const { keys, encrypt, cookieCache, rotation = {}, maxPerOwner } = options
    super(keys ? options : { ...options, codecs: [plainIds] }, 'session record id')
    assertLimitations(backend, options.allow ?? [])
    this.#backend = backend
    this.#serializer = options.serializer ?? json
    this.#onConflict = options.onConflict ?? 'merge'
    if (encrypt && !keys) throw new TypeError('encrypt needs keys')
    if (cookieCache && !keys) throw new TypeError('cookieCache needs keys')
    const maxBytes = wholeNumber('maxRecordBytes', options.maxRecordBytes ?? 65_536)
    const { every = Number.MAX_SAFE_INTEGER, graceSeconds = 0 } = rotation
    this.#rotateEvery = wholeNumber('rotation.every', every)
    this.#records = new Records({
      backend,
      packer: new RecordPacker(encrypt ? this.#sealing(maxBytes) : undefined, maxBytes),
      absoluteOf: name => this.lifetimeOf(name).absolute,
      graceSeconds: wholeNumber('rotation.graceSeconds', graceSeconds, 0),
      now: this.now,
    })
    this.#epoch = new Epoch(new Counters(backend), this.now)
    this.#limit = maxPerOwner === undefined ? undefined : limitOf(backend, maxPerOwner)
    this.#copies = cookieCache && this.#browserCopies(cookieCache.maxAge)
    this.#watchers = new Watchers(options.notices ?? localNotices())
  }

  override get capabilities(): ReadonlySet<Capability> {
    const own: Capability[] = ['merging', 'revocation']
    if (this.#backend.ofOwner) own.push('owners', 'inventory')
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
    const handles = await attempt('ofOwner', () => index.ofOwner(ownerKey(owner)))
    const infos = await Promise.all(handles.map(handle => this.#info(handle, owner, epoch)))
    return infos
      .filter(info => info !== undefined)
      .sort((one, other) => other.created - one.created)
  }

  /** The handle of a session, to find it among those of its owner; undefined before its first save. */
  handleOf(session: Session<object>): string | undefined {
    const { id } = session
    return id === undefined ? undefined : (this.#kept.get(session)?.key ?? keyOf(id))
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
    await this.#delete(handle)
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
    const count = await attempt('deleteOwner', () => index.deleteOwner(key, { except: spared }))
    await this.#notify({ owner: key, except: spared })
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
    await this.#notify({ everything: true })
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
    return this.#load(name, id, renewal)
  }

  async #load<T extends object>(
    name: string,
    id: string,
    renewal: Renewal | undefined,
  ): Promise<Session<T>> {
    const key = keyOf(id)
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
    // Written by a clock that was ahead: it would last for longer than it was told.
    const latest = this.now() + clockSkew
    if (Math.max(created, kept.expires - idle) > latest) return this.begin(name, 'too-new')
    const opened = {
      value: this.#deserialize(payload),
      payload,
      serializer: this.#serializer,
      startedAt: created,
      maxAge: isTold ? idle : undefined,
      // At the end of its life there is nothing to renew.
      issuedAt: kept.expires >= this.#records.endOf(kept.body) ? undefined : kept.expires - idle,
      renewal: renewal ?? (this.#isRotationDue(kept.body) ? 'rotation' : undefined),
    }
    const session = this.resume<T>(name, opened, metadata, state)
    if (!session.isNew) this.#kept.set(session, kept)
    return session
  }

  #isRotationDue({ created, metadata }: RecordBody): boolean {
    return this.now() - (metadata.rotatedAt ?? created) >= this.#rotateEvery
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
    this.#conflicts.set(session, 0)
    const id = await this.#written(session)
    return id && encodeMulti(session.name, id, this.codecs, this.contextOf(session))
  }

  /** The id under which the session is kept now; undefined when it has ended meanwhile. */
  async #written(session: Session<object>): Promise<string | undefined> {
    const kept = this.#kept.get(session)
    const { id } = session
    if (!kept || id === undefined) return this.#create(session)
    const rotation = Session.rotationOf(session)
    if (rotation === 'login') return this.#replace(session, kept)
    if (rotation || this.#isRotationDue(kept.body)) return this.#move(session, kept)
    return (await this.#update(session, kept)) && this.#isAt(id, session) ? id : undefined
  }

  /** False when the session goes on under another id, of which another request set the cookie. */
  #isAt(id: string, session: Session<object>): boolean {
    return this.#kept.get(session)?.key === keyOf(id)
  }

  protected async erase(session: Session<object>): Promise<void> {
    const { id } = session
    if (id === undefined) return
    const key = keyOf(id)
    await this.#delete(key)
    // Where it was found, when it is read under an old id that leads nowhere any more.
    const kept = this.#kept.get(session)
    if (kept && kept.key !== key) await this.#delete(kept.key)
  }

  protected override conflictsOf(session: Session<object>): number {
    return this.#conflicts.get(session) ?? 0
  }

  protected override metadataRead(session: Session<object>): SessionMetadata {
    return this.#kept.get(session)?.body.metadata ?? super.metadataRead(session)
  }

  protected override payloadRead(session: Session<object>): Uint8Array | undefined {
    return this.#kept.get(session)?.body.payload ?? super.payloadRead(session)
  }

  protected override metadataOf(session: Session<object>): SessionMetadata {
    const { rotatedAt, epoch } = this.metadataRead(session)
    return { ...super.metadataOf(session), rotatedAt, epoch }
  }

  protected override companions(
    session: Session<object>,
    request: RequestLike,
    outcome: SaveOutcome,
  ): readonly Cookie[] {
    const copies = this.#copies
    if (!copies) return []
    const kept = this.#kept.get(session)
    const isAlive = kept && outcome !== 'destroyed' && outcome !== 'dropped'
    if (isAlive && outcome === 'unchanged' && session.isCopy) return []
    const copy = isAlive ? copies.cookie(kept, session.options) : undefined
    const cookie = copy ?? copies.deletion(request, session.name, session.options)
    return cookie ? [cookie] : []
  }

  /** A session of its own under a new id, in the place of `old` if there is one. */
  async #create(session: Session<object>, old?: Kept): Promise<string> {
    const id = newId()
    const epoch = (await this.#epoch.current()) || undefined
    const metadata = { ...this.metadataOf(session), rotatedAt: undefined, epoch }
    const created = session.createdAt ?? this.now()
    const kept = await this.#records.create(
      id,
      this.#newBody(session, session.values, created, metadata),
    )
    await this.#admit(session, kept, old?.key)
    Session.assignId(session, id)
    this.#keep(session, kept)
    return id
  }

  /** As {@link #create}; of the session that was read nothing lives on. */
  async #replace(session: Session<object>, old: Kept): Promise<string> {
    const before = session.id
    const id = await this.#create(session, old)
    await this.#delete(old.key)
    // The marker under an old id, too.
    if (before !== undefined && keyOf(before) !== old.key) await this.#delete(keyOf(before))
    return id
  }

  /**
   * The same session under a new id; undefined when it has ended meanwhile, or has been moved by another
   * request. Who has proved who they are gets a new id all the same.
   */
  async #move(session: Session<object>, base: Kept): Promise<string | undefined> {
    const id = newId()
    const { metadata } = base.body
    const isElevated = Session.rotationOf(session) === 'elevate'
    const first = this.#rotated(this.#bodyOf(session, base))
    let kept = await this.#records.create(id, first)
    const isOwners = session.owner === metadata.owner
    if (!isOwners) await this.#admit(session, kept, base.key)
    let place: Found | undefined = base
    for (let tried = 0; tried < attempts; tried++) {
      const { key } = place
      const result = await this.#records.leave(place, kept.key)
      if (result.status === 'updated') {
        this.#settle(session, kept.body, first)
        Session.assignId(session, id)
        if (isOwners) await this.#handOver(session, base.key, kept)
        this.#keep(session, kept)
        await this.#notify({ moved: [key, kept.key] })
        return id
      }
      const theirs =
        result.status === 'conflict' ? this.#records.unpack(key, result.current) : undefined
      place =
        result.status === 'conflict' && theirs && !isMoved(theirs)
          ? { key, body: theirs, version: result.current.version }
          : undefined
      if (isMoved(theirs) && isElevated) place = await this.#records.find(theirs.successor)
      if (!place) {
        await this.#records.remove(kept.key)
        if (isMoved(theirs)) await this.#follow(session, base, theirs)
        return undefined
      }
      kept = await this.#records.rewrite(
        kept,
        this.#rotated(this.#merged(session, base, place.body)),
      )
      await this.#pause(session, tried)
    }
    throw this.#contended(session)
  }

  #rotated(body: RecordBody): RecordBody {
    return { ...body, metadata: { ...body.metadata, rotatedAt: this.now() } }
  }

  /** False when the session has ended meanwhile. */
  async #update(session: Session<object>, kept: Known): Promise<boolean> {
    const body = this.#bodyOf(session, kept)
    const isSealedAnew = this.#records.areSealed && session.renewal === 'old-key'
    if (!isSealedAnew && isSameBody(body, kept.body)) return this.#renew(session, kept)
    const { owner } = kept.body.metadata
    const isOthers = body.metadata.owner !== owner
    if (isOthers) await this.#admit(session, kept)
    const isWritten = await this.#replay(session, kept, kept)
    if (isOthers && owner) await this.#limit?.release(owner, kept.key)
    return isWritten
  }

  /** Moves the moment at which the session ends. False when it has ended already. */
  async #renew(session: Session<object>, kept: Known): Promise<boolean> {
    const { key } = kept
    const expires = this.#records.expiryOf(kept.body)
    // Saved by hand a moment ago, and now by an adapter: all is as it should be.
    if (kept.isOwn && expires === kept.expires) return true
    await this.#records.touch(key, expires)
    // Touching tells nothing: a cookie with an id that is gone would overwrite the one with its heir.
    const record = await this.#records.load(key)
    const body = record && this.#records.unpack(key, record)
    if (!record || !body || isMoved(body)) return false
    if (record.version === kept.version) {
      this.#keep(session, { ...kept, expires })
      return true
    }
    // What others saved meanwhile may be told to last for another time.
    const theirs = { key, body, version: record.version, expires: this.#records.expiryOf(body) }
    if (theirs.expires !== expires) {
      await this.#records.touch(key, theirs.expires)
    }
    this.#settle(session, body, kept.body)
    this.#keep(session, theirs)
    return true
  }

  /**
   * Makes the changes of this request in the record where the session was found. False when the session
   * has ended, or goes on under another id.
   *
   * @param base - what this request read
   */
  async #replay(session: Session<object>, base: Kept, found: Found): Promise<boolean> {
    const { key } = found
    const mine = this.#bodyOf(session, base)
    let { version } = found
    let body = found === base ? mine : this.#merged(session, base, found.body)
    for (let tried = 0; tried < attempts; tried++) {
      const result = await this.#records.update({ key, version }, body)
      if (result.status === 'gone') return false
      if (result.status === 'updated') {
        this.#settle(session, body, mine)
        this.#keep(session, result.kept)
        return true
      }
      const current = await this.#calm(session, tried, key, result.current)
      if (!current) return false
      const theirs = this.#records.unpack(key, current)
      if (isMoved(theirs)) {
        await this.#follow(session, base, theirs)
        return false
      }
      version = current.version
      body = this.#merged(session, base, theirs)
    }
    throw this.#contended(session)
  }

  /** Makes the changes of this request where the session went. Its cookie is the other request's. */
  async #follow(session: Session<object>, base: Kept, moved: Moved): Promise<void> {
    const found = moved.follows ? await this.#records.find(moved.successor) : undefined
    if (found) await this.#replay(session, base, found)
  }

  /** See {@link Store.takeFlashes}: of requests that take at once, one wins the compare-and-swap. */
  async takeFlashes(session: Session<object>, key: string): Promise<unknown[]> {
    const base = this.#kept.get(session)
    if (!base || !Object.hasOwn(this.#valuesOf(base.body), key)) return []
    if (session.isReadOnly) return this.#leave(session, key, base)
    let theirs = base.body
    let { version } = base
    for (let tried = 0; tried < attempts; tried++) {
      // Merged before anything is taken: merging may fail.
      const merged = this.#merged(session, base, theirs)
      const body = this.#without(theirs, key)
      const result = await this.#records.update({ key: base.key, version }, body)
      if (result.status === 'updated') return this.#take(session, key, merged, result.kept)
      if (result.status === 'gone') return this.#leave(session, key, base)
      const current = this.#records.unpack(base.key, result.current)
      if (!current || isMoved(current)) return this.#leave(session, key, base)
      theirs = current
      version = result.current.version
      await this.#pause(session, tried)
    }
    throw this.#contended(session)
  }

  /** Only what this request added: the rest has ended, or waits under another id. */
  #leave(session: Session<object>, key: string, base: Kept): unknown[] {
    const body = this.#without(base.body, key)
    return this.#take(session, key, this.#merged(session, base, body), { ...base, body })
  }

  /** The messages of `merged`. The session goes on with the rest, and is compared with `kept`. */
  #take(session: Session<object>, key: string, merged: RecordBody, kept: Kept): unknown[] {
    const { [key]: messages, ...values } = this.#valuesOf(merged)
    adopt(session.values as Values, values, this.#serializer)
    this.#kept.set(session, kept)
    return Array.isArray(messages) ? messages : []
  }

  #without(body: RecordBody, key: string): RecordBody {
    const { [key]: _, ...values } = this.#valuesOf(body)
    return { ...body, payload: this.#serialize(values) }
  }

  #valuesOf({ payload }: RecordBody): Values {
    return this.#deserialize(payload) as Values
  }

  /** Ends a session, and tells those who watch it. */
  async #delete(key: string): Promise<void> {
    await this.#notify({ ended: await this.#records.end(key) })
  }

  /** What has ended has ended, whether or not those who watch it hear of it. */
  async #notify(notice: Notice): Promise<void> {
    try {
      await attempt('notify', () => this.#watchers.tell(notice))
    } catch (error) {
      const store = this.constructor.name
      this.tell({ type: 'store-error', store, operation: 'notify', error: error as Error })
    }
  }

  /** Gives the session a place among those of its owner, or ends it when there is none. */
  async #admit({ owner }: Session<object>, kept: Kept, replaces?: string): Promise<void> {
    if (!owner || !this.#limit) return
    try {
      const end = this.#records.endOf(kept.body)
      const evicted = await this.#limit.admit(owner, placeOf(kept), end, replaces)
      await Promise.all(evicted.map(key => this.#delete(key)))
    } catch (error) {
      if (kept.key !== replaces) await this.#records.remove(kept.key)
      throw error
    }
  }

  /** Gives the session the place that it had under its old key. */
  async #handOver({ owner }: Session<object>, from: string, kept: Kept): Promise<void> {
    if (!owner || !this.#limit) return
    const evicted = await this.#limit.move(
      owner,
      from,
      placeOf(kept),
      this.#records.endOf(kept.body),
    )
    await Promise.all(evicted.map(key => this.#delete(key)))
  }

  /** From here on the session is compared with this. */
  #keep(session: Session<object>, kept: Kept): void {
    this.#kept.set(session, { ...kept, isOwn: true })
    Session.forgetChanges(session)
  }

  /** Shows the session what was merged into it. */
  #settle(session: Session<object>, body: RecordBody, mine: RecordBody): void {
    if (body === mine) return
    const { idle, isTold, metadata } = body
    adopt(session.values as Values, this.#valuesOf(body), this.#serializer)
    session.owner = metadata.owner
    session.label = metadata.label
    session.lifetime = ownLifetime(metadata, this.lifetimeOf(session.name))
    if (idle === mine.idle && isTold === mine.isTold) return
    session.options.maxAge = isTold ? idle : 'session'
  }

  /** What this request changed, on what another saved. */
  #merged(session: Session<object>, base: Kept, theirs: RecordBody | undefined): RecordBody {
    if (!theirs) throw new SessionError('store-failed', 'session backend: the record is damaged')
    const { values, contested } = merge(
      {
        base: this.#deserialize(base.body.payload) as Values,
        mine: session.values as Values,
        theirs: this.#deserialize(theirs.payload) as Values,
        changes: Session.mergeableChanges(session),
      },
      this.#serializer,
    )
    if (contested.length > 0 && this.#onConflict === 'throw') {
      const keys = contested.map(key => JSON.stringify(key)).join(', ')
      throw new SessionError('conflict', `session "${session.name}": others changed ${keys} too`)
    }
    const mine = this.#bodyOf(session, base)
    const metadata = mergeMetadata(base.body.metadata, mine.metadata, theirs.metadata)
    const isAsRead = mine.idle === base.body.idle && mine.isTold === base.body.isTold
    const { idle, isTold } = isAsRead ? theirs : mine
    const created = mine.created === base.body.created ? theirs.created : mine.created
    return { name: mine.name, created, idle, isTold, metadata, payload: this.#serialize(values) }
  }

  /** The session as this request has it. It began when it was read to have, or when it was elevated. */
  #bodyOf(session: Session<object>, { body }: Kept): RecordBody {
    const created = session.createdAt ?? body.created
    return this.#newBody(session, session.values, created, this.metadataOf(session))
  }

  #newBody(
    session: Session<object>,
    values: object,
    created: number,
    metadata: SessionMetadata,
  ): RecordBody {
    const { name, lifetime } = session
    const { maxAge } = session.options
    const isTold = typeof maxAge === 'number'
    const idle = isTold ? maxAge : lifetime.idle
    return { name, created, idle, isTold, metadata, payload: this.#serialize(values) }
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

  #contended({ name }: Session<object>): SessionError {
    return new SessionError('conflict', `session "${name}" was changed by others all the time`)
  }

  #pause(session: Session<object>, tried: number): Promise<void> {
    this.#conflicts.set(session, tried + 1)
    return pause(tried)
  }

  /**
   * The record to try again with. The first time, the one that was in the way; after that the one that
   * is there when some time has passed, for it is not likely to be the same.
   */
  async #calm(
    session: Session<object>,
    tried: number,
    key: string,
    current: StoredRecord,
  ): Promise<StoredRecord | undefined> {
    this.#conflicts.set(session, tried + 1)
    if (tried === 0) return current
    await this.#pause(session, tried)
    return this.#records.load(key)
  }

  #sealing(maxRecordBytes: number): readonly Codec[] {
    // How long a record counts, its own moment says.
    const lasting = { maxAge: tenYears, maxLifetime: tenYears }
    const maxLength = Math.ceil((maxRecordBytes + 100) / 3) * 4
    const settings = { serializer: nop, maxLength, cacheBytes: 0, ...lasting }
    return this.codecsFor('session record', settings)
  }

  #browserCopies(seconds: number): BrowserCopies {
    wholeNumber('cookieCache.maxAge', seconds)
    const settings = { serializer: nop, maxAge: seconds, maxLifetime: seconds }
    return new BrowserCopies(this.codecsFor('session copy', settings), seconds)
  }

  #serialize(values: object): Uint8Array {
    try {
      return this.#serializer.serialize(values)
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : 'the values cannot be serialized'
      throw new SessionError('serialize-failed', message, { cause })
    }
  }

  #deserialize(payload: Uint8Array): unknown {
    try {
      return this.#serializer.deserialize(payload)
    } catch {
      return undefined
    }
  }
}

/** How often all sessions had been ended when this one began. */
function epochOf({ metadata }: RecordBody): number {
  return metadata.epoch ?? 0
}

function placeOf({ key, body }: Kept): { key: string; created: number } {
  return { key, created: body.created }
}

/** Ids as they are, for stores without keys: 256 random bits need no signature. */
const plainIds: Codec = {
  encode: (_, id) => id as string,
  decode: (_, text) => text,
}

/** Throws a TypeError that names the promises that are missing and not allowed to be. */
function assertLimitations(backend: Backend, allowed: readonly Limitation[]): void {
  const missing = (backend.limitations ?? []).filter(limitation => !allowed.includes(limitation))
  if (missing.length === 0) return
  const list = missing.map(limitation => `'${limitation}'`).join(', ')
  throw new TypeError(
    `this backend cannot keep every promise; to use it all the same: allow: [${list}]`,
  )
}

function limitOf(backend: Backend, maxPerOwner: number | MaxPerOwner): OwnerLimit {
  const limit = typeof maxPerOwner === 'number' ? { count: maxPerOwner } : maxPerOwner
  return new OwnerLimit(backend, limit)
}
