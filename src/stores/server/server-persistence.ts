/**
 * Sessions in a backend; the cookie carries an id.
 *
 * @module
 */

import type { Backend, Listable, OwnerIndex } from '../../backends/backend.ts'
import { isId, keyOf } from '../../backends/ids.ts'
import type { Codec, Renewal } from '../../codec/codec.ts'
import type { Serializer } from '../../codec/serializers/serializer.ts'
import type { Cookie } from '../../http/cookie.ts'
import type { Options } from '../../http/cookie-options.ts'
import type { RequestLike } from '../../http/request.ts'
import { clockSkew } from '../../lib/clock.ts'
import { isPromise } from '../../lib/maybe-promise.ts'
import type { SaveOutcome } from '../../session/events.ts'
import type { SessionMetadata } from '../../session/metadata.ts'
import type { Snapshot } from '../../session/snapshot.ts'
import type { Capability } from '../../session/store.ts'
import { openCookie } from '../open-cookie.ts'
import {
  type Draft,
  encodeId,
  type Loaded,
  type Locked,
  type LockOptions,
  type Persistence,
  type ReadContext,
  type Rejected,
  type Taken,
  type Written,
} from '../persistence.ts'
import type { Epoch } from '../revocation/epoch.ts'
import type { Devices } from './devices.ts'
import type { Endings } from './endings.ts'
import type { ReadCache } from './read-cache.ts'
import { valuesOf } from './record-body.ts'
import { isTombstone, type RecordBody, type Tombstone } from './record-format.ts'
import type { RecordWriter, Tracked } from './record-writer.ts'
import { endOf, type Kept, type Records } from './records.ts'

/** What a server persistence works with. */
export interface ServerPersistenceOptions {
  readonly backend: Backend & Partial<OwnerIndex & Listable>
  /** Codecs for the ids in cookies, newest first. */
  readonly idCodecs: readonly Codec[]
  readonly serializer: Serializer
  readonly records: Records
  readonly writer: RecordWriter
  readonly endings: Endings
  readonly epoch: Epoch
  readonly readCache: ReadCache | undefined
  readonly devices: Devices | undefined
  readonly now: () => number
}

const noMetadata: SessionMetadata = {}

/** How a record is opened. */
interface Opening {
  readonly id: string
  readonly isCopy?: boolean
  readonly isReadOnly?: boolean
  /** Whether another request has given the session a new id. */
  readonly isMoved?: boolean
  /** Whether the id was replaced when the session was elevated. */
  readonly isElevated?: boolean
  readonly renewal?: Renewal | undefined
}

/** Reads and writes records; `kept` is what a session was {@link Tracked} as. */
export class ServerPersistence implements Persistence {
  readonly capabilities: ReadonlySet<Capability>
  readonly serializer: Serializer
  readonly codecs: readonly Codec[]
  readonly #options: ServerPersistenceOptions

  constructor(options: ServerPersistenceOptions) {
    const { ofOwner, all, limitations } = options.backend
    const lists: Capability[] = ofOwner ? ['owners', 'listing'] : []
    if (all) lists.push('enumeration')
    // Without compare-and-swap, two requests could both lock a session.
    const mayLose = limitations?.includes('updates-may-be-lost')
    const locks: Capability[] = mayLose ? [] : ['exclusive']
    this.capabilities = new Set<Capability>([
      'metadata',
      'lifetimes',
      'merging',
      'revocation',
      ...locks,
      ...lists,
    ])
    this.serializer = options.serializer
    this.codecs = options.idCodecs
    this.#options = options
  }

  async read(name: string, text: string, context: ReadContext): Promise<Loaded | Rejected> {
    const cookie = openCookie(name, text, this.codecs)
    if ('reason' in cookie) return cookie
    const id = cookie.opened.value
    if (!isId(id)) return { reason: 'malformed' }
    // The record knows its age; only a new key has to reach the cookie.
    const renewal = cookie.opened.renewal === 'old-key' ? 'old-key' : undefined
    const key = keyOf(id)
    const { readCache, now } = this.#options
    const copy = context.fresh ? undefined : readCache?.read(context.request, name, key)
    if (copy && copy.expires > now()) {
      return this.#opened(copy, { id, isCopy: true, renewal }, context)
    }
    return this.#load(name, key, { id, renewal }, context)
  }

  async write(draft: Draft, base: Snapshot): Promise<Written | undefined> {
    const result = await this.#options.writer.write(draft, base.kept as Tracked | undefined)
    if (!result) return undefined
    const { tracked, isMerged, conflicts } = result
    const { id, body } = tracked
    return {
      text: id === undefined ? undefined : encodeId(draft, id, this.codecs),
      id,
      metadata: body.metadata,
      payload: body.payload,
      merged: isMerged
        ? {
            values: valuesOf(body, this.serializer),
            metadata: body.metadata,
            maxAge: body.isTold ? body.idle : undefined,
          }
        : undefined,
      conflicts,
      kept: tracked,
    }
  }

  /** Follows the session to the id that another request has given it. */
  async reload({ id, kept }: Snapshot, context: ReadContext): Promise<Loaded | Rejected> {
    const { records, epoch } = this.#options
    const base = kept as Tracked
    const [found, now] = await Promise.all([
      records.find(base.key, base.isElevated),
      epoch.current(),
    ])
    if (!found) return { reason: 'unknown-id' }
    if (epochOf(found.body) < now) return { reason: 'revoked' }
    const isMoved = base.id === undefined || found.key !== base.key
    const { isElevated } = found
    return this.#opened(found, { id: id as string, isMoved, isElevated }, context)
  }

  async erase({ id, kept }: Snapshot): Promise<void> {
    if (id === undefined) return
    const key = keyOf(id)
    await this.#options.endings.end(key)
    // Where it was found, if it was read under an old id that leads nowhere any more.
    const foundAt = (kept as Tracked | undefined)?.key
    if (foundAt !== undefined && foundAt !== key) await this.#options.endings.end(foundAt)
  }

  async takeFlashes(key: string, draft: Draft, base: Snapshot): Promise<Taken | undefined> {
    const tracked = base.kept as Tracked | undefined
    if (!tracked) return undefined
    const taken = await this.#options.writer.takeFlashes(draft, key, tracked)
    return (
      taken && {
        messages: taken.messages,
        values: valuesOf(taken.rest, this.serializer),
        payload: taken.tracked.body.payload,
        metadata: taken.tracked.body.metadata,
        kept: taken.tracked,
      }
    )
  }

  signInMetadata(request: RequestLike): Partial<SessionMetadata> {
    return this.#options.devices?.of(request) ?? noMetadata
  }

  async lock(
    draft: Draft,
    base: Snapshot,
    options: LockOptions,
  ): Promise<Locked | Rejected | undefined> {
    const { writer, epoch } = this.#options
    const result = await writer.lock(draft, base.kept as Tracked, options)
    if (result === 'locked') return undefined
    if (result === 'ended') return { reason: 'unknown-id' }
    const { tracked, merged } = result
    if (epochOf(tracked.body) < (await epoch.current())) return { reason: 'revoked' }
    const { isElevated } = tracked
    const isMoved = tracked.id === undefined
    const opening = { id: base.id as string, isMoved, isElevated: isElevated ?? false }
    const loaded = this.#opened(tracked, opening, draft)
    return 'reason' in loaded ? loaded : { loaded, values: valuesOf(merged, this.serializer) }
  }

  unlock(draft: Draft, { kept }: Snapshot, token: string): Promise<void> {
    return this.#options.writer.unlock(draft, kept as Tracked, token)
  }

  async hasEndedEverything(): Promise<boolean> {
    return (await this.#options.epoch.current()) > 0
  }

  /** The cookie with a copy of the session, or the deletion of one that is outdated. */
  extraCookies(
    { name, options, base }: { name: string; options: Options; base: Snapshot },
    request: RequestLike,
    outcome: SaveOutcome,
  ): readonly Cookie[] {
    const { readCache } = this.#options
    if (!readCache) return []
    const kept = base.kept as Tracked | undefined
    const isAlive = kept && outcome !== 'destroyed' && outcome !== 'dropped'
    if (isAlive && outcome === 'unchanged' && base.isCopy) return []
    const copy = isAlive ? readCache.cookie(kept, options) : undefined
    const cookie = copy ?? readCache.deletion(request, name, options)
    return cookie ? [cookie] : []
  }

  async #load(
    name: string,
    key: string,
    opening: Opening,
    context: ReadContext,
  ): Promise<Loaded | Rejected> {
    const { records, epoch } = this.#options
    const loading = records.load(key, context.signal)
    // Both at once, when the epoch has to be asked for at all.
    const current = epoch.current()
    const [record, now] = isPromise(current)
      ? await Promise.all([loading, current])
      : [await loading, current]
    if (!record) return { reason: 'unknown-id' }
    const body = records.unpack(key, record)
    if (isTombstone(body)) return this.#loadMoved(name, opening, body, now, context)
    if (!body) return { reason: 'malformed' }
    if (body.name !== name) return { reason: 'unknown-id' }
    if (epochOf(body) < now) return { reason: 'revoked' }
    const { version, expires } = record
    return this.#opened({ key, body, version, expires }, opening, context)
  }

  /** The session under its new id, for reading only, while the grace period of the old id lasts. */
  async #loadMoved(
    name: string,
    { id }: Opening,
    { successor: key, until, isElevated }: Tombstone,
    epoch: number,
    context: ReadContext,
  ): Promise<Loaded | Rejected> {
    const { records, now } = this.#options
    const record = now() < until ? await records.load(key, context.signal) : undefined
    const body = record && records.unpack(key, record)
    if (!record || !body || isTombstone(body) || body.name !== name) {
      return { reason: 'unknown-id', id }
    }
    if (epochOf(body) < epoch) return { reason: 'revoked' }
    const { version, expires } = record
    const opening = { id, isReadOnly: true, isElevated }
    return this.#opened({ key, body, version, expires }, opening, context)
  }

  #opened(
    { key, body, version, expires }: Kept,
    { id, isCopy, isReadOnly, isMoved, isElevated, renewal }: Opening,
    { defaults }: Pick<ReadContext, 'defaults'>,
  ): Loaded | Rejected {
    const { payload, created, idle, isTold, metadata } = body
    // A clock that was ahead wrote it, so that it would last longer than intended.
    const latest = this.#options.now() + clockSkew
    if (Math.max(created, expires - idle) > latest) return { reason: 'too-new', id }
    const tracked = { key, body, version, expires, isElevated }
    const kept: Tracked = { ...tracked, id: isReadOnly || isMoved ? undefined : id }
    // A request before this one could not end the move to this record.
    const isDue = body.predecessor !== undefined || this.#options.writer.isRotationDue(body)
    return {
      values: valuesOf(body, this.serializer),
      payload,
      serializer: this.serializer,
      id,
      metadata,
      startedAt: created,
      // At the end of its absolute lifetime there is nothing to extend.
      issuedAt: expires >= endOf(body, defaults.lifetime) ? undefined : expires - idle,
      maxAge: isTold ? idle : undefined,
      renewal: renewal ?? (isDue ? 'rotation' : undefined),
      isReadOnly,
      isCopy,
      kept,
    }
  }
}

/** The store's epoch when the session began. */
export function epochOf({ metadata }: RecordBody): number {
  return metadata.epoch ?? 0
}
