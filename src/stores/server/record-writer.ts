/**
 * Writing sessions to their records, concurrently with other requests that write the same ones.
 *
 * @module
 */

import type { StoredRecord } from '../../backends/backend.ts'
import { keyOf, newId } from '../../backends/ids.ts'
import { type Attempt, backoff, retryOnConflict } from '../../lib/retry.ts'
import { inTurn } from '../../lib/turns.ts'
import { type MergeOptions, tooManyConflicts } from '../merge-draft.ts'
import type { Draft, LockOptions } from '../persistence.ts'
import type { Epoch } from '../revocation/epoch.ts'
import type { OwnerEpochs } from '../revocation/owner-epochs.ts'
import { isStoreFailure } from '../store-failures.ts'
import type { Endings } from './endings.ts'
import { holds, isLocked, lockUntil } from './locks.ts'
import type { OwnerLimit } from './owner-limit.ts'
import { bodyOf, mergeBodies, rotated, valuesOf, withoutKey } from './record-body.ts'
import { isTombstone, type RecordBody, type Tombstone } from './record-format.ts'
import { endOf, type Found, type Kept, type Records } from './records.ts'

/** What a session was read from, or last written to. */
export interface Tracked extends Kept {
  /** The id that leads there; undefined if another request has given the session a new one. */
  readonly id: string | undefined
  /** Whether that request elevated the session. */
  readonly isElevated?: boolean | undefined
}

/** A session that was written. */
export interface WrittenRecord {
  readonly tracked: Tracked
  /** Whether the changes of other requests were merged into it. */
  readonly isMerged: boolean
  readonly conflicts: number
}

/** Flash messages that were taken, and what is left. */
export interface TakenRecord {
  readonly messages: unknown[]
  /** The session without them, merged with what other requests have saved. */
  readonly rest: RecordBody
  readonly tracked: Tracked
}

/** A session that was locked, and its body with the changes of the draft. */
export interface LockedRecord {
  readonly tracked: Tracked
  readonly merged: RecordBody
}

/** What a writer works with. */
export interface RecordWriterOptions {
  readonly records: Records
  readonly endings: Endings
  readonly epoch: Epoch
  readonly ownerEpochs: OwnerEpochs
  readonly limit: OwnerLimit | undefined
  readonly merging: MergeOptions
  /** The age in seconds at which an id is replaced automatically. */
  readonly rotateEvery: number
  readonly now: () => number
}

/**
 * Writes by compare-and-swap: no change that another request saved is lost, and a session that has ended does
 * not come back. Rejects with `conflict` after 50 conflicting writes, having changed nothing.
 */
export class RecordWriter {
  readonly #records: Records
  readonly #endings: Endings
  readonly #epoch: Epoch
  readonly #ownerEpochs: OwnerEpochs
  readonly #limit: OwnerLimit | undefined
  readonly #merging: MergeOptions
  readonly #rotateEvery: number
  readonly #now: () => number

  constructor(options: RecordWriterOptions) {
    this.#records = options.records
    this.#endings = options.endings
    this.#epoch = options.epoch
    this.#ownerEpochs = options.ownerEpochs
    this.#limit = options.limit
    this.#merging = options.merging
    this.#rotateEvery = options.rotateEvery
    this.#now = options.now
  }

  /** Whether the id of this session is due to be replaced. */
  isRotationDue({ created, metadata }: RecordBody): boolean {
    return this.#now() - (metadata.rotatedAt ?? created) >= this.#rotateEvery
  }

  /** Stores the session. Resolves to undefined if it has ended meanwhile. */
  write(draft: Draft, base: Tracked | undefined): Promise<WrittenRecord | undefined> {
    if (!base || draft.id === undefined) return this.#create(draft)
    const { rotation } = draft
    if (rotation === 'login') return this.#replace(draft, base)
    // A concurrent elevation has given the session its new id already. Cookies may arrive in another order.
    if (base.isElevated) return this.#update(draft, base)
    if (rotation || this.isRotationDue(base.body)) return this.#move(draft, base)
    return this.#canTouch(draft, base) ? this.#renew(draft, base) : this.#update(draft, base)
  }

  /**
   * Removes the flash messages under `key` from the record, and resolves to them; undefined if none were read.
   * Of concurrent requests, one wins the compare-and-swap.
   */
  async takeFlashes(draft: Draft, key: string, base: Tracked): Promise<TakenRecord | undefined> {
    const { serializer } = this.#merging
    if (!Object.hasOwn(valuesOf(base.body, serializer), key)) return undefined
    // A session that is read under an old id cannot change what is stored.
    if (base.id === undefined) return this.#takeOwn(draft, key, base)
    const limits = draft.defaults.lifetime
    const start = { body: base.body, version: base.version }
    return retryOnConflict<Omit<Found, 'key'>, TakenRecord>(
      start,
      async ({ body: theirs, version }) => {
        // Merged before anything is removed, because merging can fail.
        const merged = this.#merge(draft, base.body, theirs)
        const rest = withoutKey(theirs, key, serializer)
        const result = await this.#records.update({ key: base.key, version }, rest, limits)
        if (result.status === 'updated') {
          return { result: this.#taken(merged, key, { ...result.kept, id: base.id }) }
        }
        if (result.status === 'gone') return { result: this.#takeOwn(draft, key, base) }
        const current = this.#records.unpack(base.key, result.current)
        if (!current || isTombstone(current)) return { result: this.#takeOwn(draft, key, base) }
        return { retry: { body: current, version: result.current.version } }
      },
      { gaveUp: tries => tooManyConflicts(draft.name, tries) },
    )
  }

  /**
   * Locks the session by a note in its record, which goes with it when it gets a new id. Resolves to `ended` if the
   * session has ended, and to `locked` if another request has locked it for longer than `wait`.
   */
  async lock(
    draft: Draft,
    base: Tracked,
    { token, wait, hold }: LockOptions,
  ): Promise<LockedRecord | 'ended' | 'locked'> {
    const giveUpAt = performance.now() + wait * 1000
    for (let tried = 0; ; tried++) {
      const found = await this.#records.find(base.key, base.isElevated)
      if (!found) return 'ended'
      const { body, version, key, isElevated } = found
      if (!isLocked(body, this.#now())) {
        // Merged before anything is written, because merging can fail.
        const merged = this.#merge(draft, base.body, body)
        const lock = lockUntil(token, this.#now() + hold)
        const metadata = { ...body.metadata, lock }
        const locked = { ...body, metadata }
        const limits = draft.defaults.lifetime
        const result = await this.#records.update({ key, version }, locked, limits)
        if (result.status === 'updated') {
          const id = key === base.key ? base.id : undefined
          return { tracked: { ...result.kept, id, isElevated }, merged }
        }
      }
      if (performance.now() >= giveUpAt) return 'locked'
      await backoff(tried)
    }
  }

  /** Removes the note of {@link lock}, unless the session has ended or another request has locked it since. */
  async unlock(draft: Draft, base: Tracked, token: string): Promise<void> {
    await retryOnConflict<string, void>(
      base.key,
      async from => {
        const found = await this.#records.find(from)
        if (!found || !holds(found.body, token)) return { result: undefined }
        const { key, version, body } = found
        const metadata = { ...body.metadata, lock: undefined }
        const unlocked = { ...body, metadata }
        const result = await this.#records.update(
          { key, version },
          unlocked,
          draft.defaults.lifetime,
        )
        return result.status === 'updated' ? { result: undefined } : { retry: key }
      },
      { gaveUp: tries => tooManyConflicts(draft.name, tries) },
    )
  }

  /** Takes only what this request has added: the stored session has ended, or has another id. */
  #takeOwn(draft: Draft, key: string, base: Tracked): TakenRecord {
    const body = withoutKey(base.body, key, this.#merging.serializer)
    return this.#taken(this.#merge(draft, base.body, body), key, { ...base, body })
  }

  #taken(merged: RecordBody, key: string, tracked: Tracked): TakenRecord {
    const { serializer } = this.#merging
    const messages = valuesOf(merged, serializer)[key]
    const rest = withoutKey(merged, key, serializer)
    return { messages: Array.isArray(messages) ? messages : [], rest, tracked }
  }

  /** Creates a session with a new id, which takes the slot of `old` if there is one. */
  async #create(draft: Draft, old?: Tracked): Promise<WrittenRecord> {
    const { owner } = draft.metadata
    const id = newId()
    const [epoch, ownerEpoch] = await Promise.all([
      this.#epoch.latest(),
      this.#ownerEpochs.current(owner),
    ])
    const metadata = {
      ...draft.metadata,
      rotatedAt: undefined,
      lock: undefined,
      epoch: epoch || undefined,
    }
    const body = this.#bodyOf({ ...draft, metadata }, this.#now())
    const kept = await this.#records.create(id, body, draft.defaults.lifetime)
    // All sessions of the owner were ended meanwhile. This one may have been listed or not: start over.
    if ((await this.#ownerEpochs.current(owner)) > ownerEpoch) {
      await this.#records.remove(kept.key)
      return this.#create(draft, old)
    }
    await this.#acquireSlot(draft, kept, old?.key)
    return { tracked: { ...kept, id }, isMerged: false, conflicts: 0 }
  }

  /** Creates a session, and ends the one that was read. */
  async #replace(draft: Draft, old: Tracked): Promise<WrittenRecord> {
    const written = await this.#create(draft, old)
    await this.#endings.end(old.key)
    // The tombstone under an old id as well.
    const oldKey = draft.id === undefined ? old.key : keyOf(draft.id)
    if (oldKey !== old.key) await this.#endings.end(oldKey)
    return written
  }

  /**
   * Gives the session a new id. If another request has already done so, the changes are written under that id, and
   * the other request's cookie is used. An elevated session still gets a new id, unless the other request also
   * elevated it.
   */
  async #move(draft: Draft, base: Tracked): Promise<WrittenRecord | undefined> {
    const id = newId()
    const limits = draft.defaults.lifetime
    const isElevated = draft.rotation === 'elevate'
    const { owner } = draft.metadata
    const bodyAt = (predecessor: string, body: RecordBody): RecordBody => ({
      ...rotated(body, this.#now()),
      predecessor,
    })
    const ownerEpoch = await this.#ownerEpochs.current(owner)
    const first = bodyAt(base.key, this.#bodyOf(draft, base.body.created))
    let kept = await this.#records.create(id, first, limits)
    // Sessions of the owner were ended, perhaps before this record could be listed. If this one was spared, or is
    // still to be ended, it moves after that.
    if ((await this.#ownerEpochs.current(owner)) > ownerEpoch) {
      await this.#records.remove(kept.key)
      return this.#move(draft, base)
    }
    const hasSameOwner = owner === base.body.metadata.owner
    if (!hasSameOwner) await this.#acquireSlot(draft, kept, base.key)
    let conflicts = 0
    const attempt = async (found: Kept): Promise<Attempt<Kept, WrittenRecord | undefined>> => {
      const { key } = found
      const tombstone = { successor: kept.key, isElevated }
      const result = await this.#records.leaveTombstone(found, tombstone)
      if (result.status === 'updated') {
        const isEvicted = hasSameOwner && (await this.#transferSlot(draft, base.key, kept))
        if (isEvicted) return { result: undefined }
        await this.#endings.notify({ moved: [key, kept.key] })
        const isMerged = kept.body !== first
        return { result: await this.#settle(draft, kept, { id, isMerged, conflicts }) }
      }
      const current = result.status === 'conflict' ? result.current : undefined
      const next = await this.#foundAfter(key, current, isElevated)
      if (!next) {
        await this.#records.remove(kept.key)
        const theirs = current && this.#records.unpack(key, current)
        const followed = isTombstone(theirs) ? await this.#follow(draft, base, theirs) : undefined
        return { result: followed }
      }
      const merged = bodyAt(next.key, this.#merge(draft, base.body, next.body))
      const rewritten = await this.#records.update(kept, merged, limits)
      // No other request knows the new record: only ending sessions of the owner can delete it.
      if (rewritten.status !== 'updated') return { result: await this.#move(draft, base) }
      kept = rewritten.kept
      return { retry: next }
    }
    return retryOnConflict<Kept, WrittenRecord | undefined>(base, attempt, {
      gaveUp: tries => tooManyConflicts(draft.name, tries),
      onConflict: count => {
        conflicts = count
      },
    })
  }

  /**
   * The record of the session after a conflict; undefined if the session has ended. If another request has given the
   * session a new id, only an elevation follows it, and replaces that id too, unless the other request also elevated.
   */
  async #foundAfter(
    key: string,
    record: StoredRecord | undefined,
    isElevated: boolean,
  ): Promise<Kept | undefined> {
    const body = record && this.#records.unpack(key, record)
    if (!record || !body) return undefined
    const { version, expires } = record
    if (!isTombstone(body)) return { key, body, version, expires }
    if (!isElevated || body.isElevated) return undefined
    const { successor } = body
    return this.#foundAfter(successor, await this.#records.load(successor), isElevated)
  }

  /**
   * Ends the move of a session to its new record. Resolves to undefined if the session has ended, and to what
   * sets no cookie if another request has given it yet another id.
   */
  async #settle(
    { name, defaults }: Draft,
    moved: Kept,
    { id, isMerged, conflicts }: { id: string; isMerged: boolean; conflicts: number },
  ): Promise<WrittenRecord | undefined> {
    const written = (kept: Kept): WrittenRecord => ({
      tracked: { ...kept, id: kept.key === moved.key ? id : undefined },
      isMerged: isMerged || kept.body.payload !== moved.body.payload,
      conflicts,
    })
    const attempt = async (found: Kept): Promise<Attempt<Kept, WrittenRecord | undefined>> => {
      const { predecessor, ...body } = found.body
      if (predecessor === undefined) return { result: written(found) }
      const result = await this.#records.update(found, body, defaults.lifetime)
      if (result.status === 'updated') return { result: written(result.kept) }
      const next = result.status === 'conflict' ? await this.#records.find(found.key) : undefined
      return next ? { retry: next } : { result: undefined }
    }
    const gaveUp = (tries: number): Error => tooManyConflicts(name, tries)
    return retryOnConflict(moved, attempt, { gaveUp }).catch(error => {
      // The session has moved, so its cookie has to reach the visitor. The next request settles it.
      if (isStoreFailure(error)) return written(moved)
      throw error
    })
  }

  async #update(draft: Draft, base: Tracked): Promise<WrittenRecord | undefined> {
    const { owner } = base.body.metadata
    const changesOwner = draft.metadata.owner !== owner
    if (!changesOwner) return this.#replay(draft, base, base)
    const ownerEpoch = await this.#ownerEpochs.current(draft.metadata.owner)
    await this.#acquireSlot(draft, base)
    const written = await this.#replay(draft, base, base)
    // All sessions of the new owner were ended before this one was listed among them.
    if (written && (await this.#ownerEpochs.current(draft.metadata.owner)) > ownerEpoch) {
      await this.#endings.end(written.tracked.key)
      return undefined
    }
    if (owner) await this.#limit?.release(owner, base.key)
    return written
  }

  /** Whether only the expiry has to be extended. */
  #canTouch(draft: Draft, { body }: Tracked): boolean {
    if (body.predecessor !== undefined) return false
    if (!draft.isUnchanged || draft.idle !== (body.isTold ? draft.idle : body.idle)) return false
    // Encrypted records are rewritten when keys are rotated.
    return !(this.#records.areSealed && draft.renewal === 'old-key')
  }

  /** Extends the expiry. Resolves to undefined if the session has ended. */
  async #renew(draft: Draft, base: Tracked): Promise<WrittenRecord | undefined> {
    const { key, id } = base
    const limits = draft.defaults.lifetime
    const expires = this.#records.expiryOf(base.body, limits)
    await this.#records.touch(key, expires)
    // Touch does not report whether the record exists, and a cookie with an id that is gone must not
    // replace the cookie with the session's new id.
    const record = await this.#records.load(key)
    const body = record && this.#records.unpack(key, record)
    if (!record || !body || isTombstone(body)) return undefined
    if (record.version === base.version) {
      return { tracked: { ...base, expires }, isMerged: false, conflicts: 0 }
    }
    // Another request may have changed how long the session lasts.
    const theirs = this.#records.expiryOf(body, limits)
    if (theirs !== expires) await this.#records.touch(key, theirs)
    const tracked = { key, body, version: record.version, expires: theirs, id }
    return { tracked, isMerged: true, conflicts: 0 }
  }

  /**
   * Makes the changes of this request in the record where the session was found. Resolves to undefined if the
   * session has ended.
   */
  async #replay(draft: Draft, base: Tracked, found: Found): Promise<WrittenRecord | undefined> {
    const { key } = found
    const limits = draft.defaults.lifetime
    const own = found === base ? this.#bodyOf(draft, base.body.created) : undefined
    const id = key === base.key ? base.id : undefined
    let body = own ?? this.#merge(draft, base.body, found.body)
    let { version } = found
    let conflicts = 0
    let isOutdated = false
    const attempt = async (
      reported?: StoredRecord,
    ): Promise<Attempt<StoredRecord, WrittenRecord | undefined>> => {
      if (reported) {
        const current = isOutdated ? await this.#records.load(key) : reported
        const theirs = current && this.#records.unpack(key, current)
        if (!current) return { result: undefined }
        if (isTombstone(theirs)) return { result: await this.#follow(draft, base, theirs) }
        body = this.#merge(draft, base.body, theirs)
        version = current.version
      }
      const result = await this.#records.update({ key, version }, body, limits)
      if (result.status === 'gone') return { result: undefined }
      if (result.status === 'conflict') return { retry: result.current }
      const tracked = { ...result.kept, id }
      return { result: { tracked, isMerged: body !== own, conflicts } }
    }
    const first = await attempt()
    if ('result' in first) return first.result
    conflicts = 1
    // Writers of this process queue up, so that each gets through instead of meeting the others again.
    return inTurn(key, hasWaited => {
      isOutdated = hasWaited
      return retryOnConflict(first.retry, attempt, {
        gaveUp: tries => tooManyConflicts(draft.name, tries),
        onConflict: count => {
          conflicts = count + 1
          // After a pause the record that was reported is most likely outdated.
          isOutdated = true
        },
      })
    })
  }

  /** Writes the changes of this request under the session's new id, whose cookie another request has set. */
  async #follow(
    draft: Draft,
    base: Tracked,
    tombstone: Tombstone,
  ): Promise<WrittenRecord | undefined> {
    const found = await this.#records.find(tombstone.successor)
    return found && this.#replay(draft, base, found)
  }

  /** Acquires a slot among the owner's sessions, or deletes the new session if there is none left. */
  async #acquireSlot({ metadata, defaults }: Draft, kept: Kept, replaces?: string): Promise<void> {
    const { owner } = metadata
    if (!owner || !this.#limit) return
    try {
      const slot = { key: kept.key, created: kept.body.created }
      const end = endOf(kept.body, defaults.lifetime)
      await this.#evict(await this.#limit.acquire(owner, slot, end, replaces))
    } catch (error) {
      if (kept.key !== replaces) await this.#records.remove(kept.key)
      throw error
    }
  }

  /** Resolves to whether another request has evicted the session. */
  async #transferSlot({ metadata, defaults }: Draft, from: string, kept: Kept): Promise<boolean> {
    const { owner } = metadata
    if (!owner || !this.#limit) return false
    const slot = { key: kept.key, created: kept.body.created }
    const end = endOf(kept.body, defaults.lifetime)
    const evicted = await this.#limit.transfer(owner, from, slot, end)
    await this.#evict(evicted)
    return evicted.includes(kept.key)
  }

  async #evict(keys: readonly string[]): Promise<void> {
    await Promise.all(keys.map(key => this.#endings.end(key)))
  }

  #bodyOf(draft: Draft, created: number): RecordBody {
    return bodyOf(draft, draft.startedAt ?? created, this.#merging.serializer)
  }

  #merge(draft: Draft, base: RecordBody, theirs: RecordBody | undefined): RecordBody {
    const merged = mergeBodies(draft, base, theirs, this.#merging)
    return this.#bodyOf(merged, theirs?.created ?? base.created)
  }
}
