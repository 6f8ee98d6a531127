/**
 * Writing sessions to their records, against others who write the same.
 *
 * @module
 */

import type { StoredRecord } from '../../backends/backend.ts'
import { keyOf, newId } from '../../backends/ids.ts'
import { SessionError } from '../../errors.ts'
import { backoff } from '../../lib/retry.ts'
import { type SideTable, sideTable } from '../../lib/side-table.ts'
import { Session } from '../../session/session.ts'
import type { Epoch } from '../revocation/epoch.ts'
import type { Endings } from './endings.ts'
import type { OwnerLimit } from './owner-limit.ts'
import type { RecordBodies } from './record-bodies.ts'
import { isMoved, isSameBody, type Moved, type RecordBody } from './record-format.ts'
import type { Found, Kept, Records } from './records.ts'

/** Tries to write against others who write the same session. */
const attempts = 50

/** What a session was read from, or written to. */
export interface Known extends Kept {
  /** The id that leads there; undefined when another request gave the session its own. */
  readonly id?: string | undefined
  /** Whether this request wrote it. */
  readonly isOwn?: boolean
}

/** What a writer works with. */
export interface RecordWriterOptions {
  readonly records: Records
  readonly bodies: RecordBodies
  readonly endings: Endings
  readonly epoch: Epoch
  readonly limit: OwnerLimit | undefined
  /** Seconds after which a session gets a new id by itself. */
  readonly rotateEvery: number
  readonly now: () => number
}

/**
 * Writes by compare and swap: what another request saved first is not lost, and a session that ended
 * does not come back. Rejects with `conflict` when others write all the time, having changed nothing.
 */
export class RecordWriter {
  readonly #records: Records
  readonly #bodies: RecordBodies
  readonly #endings: Endings
  readonly #epoch: Epoch
  readonly #limit: OwnerLimit | undefined
  readonly #rotateEvery: number
  readonly #now: () => number
  readonly #known: SideTable<Known> = sideTable()
  readonly #conflicts: SideTable<number> = sideTable()

  constructor({ records, bodies, endings, epoch, limit, rotateEvery, now }: RecordWriterOptions) {
    this.#records = records
    this.#bodies = bodies
    this.#endings = endings
    this.#epoch = epoch
    this.#limit = limit
    this.#rotateEvery = rotateEvery
    this.#now = now
  }

  /** What the session was read from, or written to last. */
  knownOf(session: Session<object>): Known | undefined {
    return this.#known.get(session)
  }

  /** From here on the session is compared with this. */
  know(session: Session<object>, known: Known): void {
    this.#known.set(session, known)
  }

  /** How often the last write of the session was tried again. */
  conflictsOf(session: Session<object>): number {
    return this.#conflicts.get(session) ?? 0
  }

  /** Whether a session is to get a new id by itself. */
  isRotationDue({ created, metadata }: RecordBody): boolean {
    return this.#now() - (metadata.rotatedAt ?? created) >= this.#rotateEvery
  }

  /**
   * Keeps the session. Resolves to the id that leads to it now; to undefined when it has ended
   * meanwhile, or goes on under an id of which another request set the cookie.
   */
  async write(session: Session<object>): Promise<string | undefined> {
    if (this.conflictsOf(session) > 0) this.#conflicts.set(session, 0)
    const known = this.#known.get(session)
    const { id } = session
    if (!known || id === undefined) return this.#create(session)
    const rotation = Session.rotationOf(session)
    if (rotation === 'login') return this.#replace(session, known)
    if (rotation || this.isRotationDue(known.body)) return this.#move(session, known)
    const isWritten = await this.#update(session, known)
    return isWritten && this.#known.get(session)?.id === id ? id : undefined
  }

  /**
   * Removes the messages under `key` from what is kept, and answers them: of requests that take at once,
   * one wins the compare-and-swap.
   */
  async takeFlashes(session: Session<object>, key: string): Promise<unknown[]> {
    const base = this.#known.get(session)
    if (!base || !Object.hasOwn(this.#bodies.valuesOf(base.body), key)) return []
    if (session.isReadOnly) return this.#leave(session, key, base)
    let theirs = base.body
    let { version } = base
    for (let tried = 0; tried < attempts; tried++) {
      // Merged before anything is taken: merging may fail.
      const merged = this.#bodies.merged(session, base.body, theirs)
      const body = this.#bodies.without(theirs, key)
      const result = await this.#records.update({ key: base.key, version }, body)
      if (result.status === 'updated') {
        return this.#take(session, key, merged, { ...result.kept, id: base.id })
      }
      if (result.status === 'gone') return this.#leave(session, key, base)
      const current = this.#records.unpack(base.key, result.current)
      if (!current || isMoved(current)) return this.#leave(session, key, base)
      theirs = current
      version = result.current.version
      await this.#pause(session, tried)
    }
    throw contended(session)
  }

  /** Only what this request added: the rest has ended, or waits under another id. */
  #leave(session: Session<object>, key: string, base: Known): unknown[] {
    const body = this.#bodies.without(base.body, key)
    const merged = this.#bodies.merged(session, base.body, body)
    return this.#take(session, key, merged, { ...base, body })
  }

  /** The messages of `merged`. The session goes on with the rest, and is compared with `known`. */
  #take(session: Session<object>, key: string, merged: RecordBody, known: Known): unknown[] {
    const messages = this.#bodies.take(session, merged, key)
    this.#known.set(session, known)
    return messages
  }

  /** A session of its own under a new id, in the place of `oldInput` if there is one. */
  async #create(session: Session<object>, old?: Known): Promise<string> {
    const id = newId()
    const epoch = (await this.#epoch.current()) || undefined
    const kept = await this.#records.create(id, this.#bodies.begin(session, epoch))
    await this.#admit(session, kept, old?.key)
    Session.assignId(session, id)
    this.#keep(session, kept, id)
    return id
  }

  /** As {@link #create}; of the session that was read nothing lives on. */
  async #replace(session: Session<object>, old: Known): Promise<string> {
    const before = session.id
    const id = await this.#create(session, old)
    await this.#endings.end(old.key)
    // The marker under an old id, too.
    if (before !== undefined && keyOf(before) !== old.key) await this.#endings.end(keyOf(before))
    return id
  }

  /**
   * The same session under a new id; undefined when it has ended meanwhile, or has been moved by another
   * request. Who has proved who they are gets a new id all the same.
   */
  async #move(session: Session<object>, base: Known): Promise<string | undefined> {
    const id = newId()
    const isElevated = Session.rotationOf(session) === 'elevate'
    const first = this.#bodies.rotated(this.#bodies.of(session, base.body))
    let kept = await this.#records.create(id, first)
    const isOwners = session.owner === base.body.metadata.owner
    if (!isOwners) await this.#admit(session, kept, base.key)
    let place: Found | undefined = base
    for (let tried = 0; tried < attempts; tried++) {
      const { key } = place
      const result = await this.#records.leave(place, kept.key)
      if (result.status === 'updated') {
        this.#bodies.settle(session, kept.body, first)
        Session.assignId(session, id)
        if (isOwners) await this.#handOver(session, base.key, kept)
        this.#keep(session, kept, id)
        await this.#endings.tell({ moved: [key, kept.key] })
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
      const merged = this.#bodies.merged(session, base.body, place.body)
      kept = await this.#records.rewrite(kept, this.#bodies.rotated(merged))
      await this.#pause(session, tried)
    }
    throw contended(session)
  }

  /** False when the session has ended meanwhile. */
  async #update(session: Session<object>, known: Known): Promise<boolean> {
    const body = this.#bodies.of(session, known.body)
    const isSealedAnew = this.#records.areSealed && session.renewal === 'old-key'
    if (!isSealedAnew && isSameBody(body, known.body)) return this.#renew(session, known)
    const { owner } = known.body.metadata
    const isOthers = body.metadata.owner !== owner
    if (isOthers) await this.#admit(session, known)
    const isWritten = await this.#replay(session, known, body, known)
    if (isOthers && owner) await this.#limit?.release(owner, known.key)
    return isWritten
  }

  /** Moves the moment at which the session ends. False when it has ended already. */
  async #renew(session: Session<object>, known: Known): Promise<boolean> {
    const { key, id } = known
    const expires = this.#records.expiryOf(known.body)
    // Saved by hand a moment ago, and now by an adapter: all is as it should be.
    if (known.isOwn && expires === known.expires) return true
    await this.#records.touch(key, expires)
    // Touching tells nothing: a cookie with an id that is gone would overwrite the one with its heir.
    const record = await this.#records.load(key)
    const body = record && this.#records.unpack(key, record)
    if (!record || !body || isMoved(body)) return false
    if (record.version === known.version) {
      this.#keep(session, { ...known, expires }, id)
      return true
    }
    // What others saved meanwhile may be told to last for another time.
    const theirs = { key, body, version: record.version, expires: this.#records.expiryOf(body) }
    if (theirs.expires !== expires) await this.#records.touch(key, theirs.expires)
    this.#bodies.settle(session, body, known.body)
    this.#keep(session, theirs, id)
    return true
  }

  /**
   * Makes the changes of this request in the record where the session was found. False when the session
   * has ended, or goes on under another id.
   *
   * @param base - what this request read
   * @param mine - what it made of that
   */
  async #replay(
    session: Session<object>,
    base: Known,
    mine: RecordBody,
    found: Found,
  ): Promise<boolean> {
    const { key } = found
    let { version } = found
    let body = found === base ? mine : this.#bodies.merged(session, base.body, found.body)
    for (let tried = 0; tried < attempts; tried++) {
      const result = await this.#records.update({ key, version }, body)
      if (result.status === 'gone') return false
      if (result.status === 'updated') {
        this.#bodies.settle(session, body, mine)
        this.#keep(session, result.kept, key === base.key ? base.id : undefined)
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
      body = this.#bodies.merged(session, base.body, theirs)
    }
    throw contended(session)
  }

  /** Makes the changes of this request where the session went. Its cookie is the other request's. */
  async #follow(session: Session<object>, base: Known, moved: Moved): Promise<void> {
    const found = moved.follows ? await this.#records.find(moved.successor) : undefined
    if (found) await this.#replay(session, base, this.#bodies.of(session, base.body), found)
  }

  /** Gives the session a place among those of its owner, or ends it when there is none. */
  async #admit({ owner }: Session<object>, kept: Kept, replaces?: string): Promise<void> {
    if (!owner || !this.#limit) return
    try {
      const end = this.#records.endOf(kept.body)
      const evicted = await this.#limit.admit(owner, placeOf(kept), end, replaces)
      await this.#evict(evicted)
    } catch (error) {
      if (kept.key !== replaces) await this.#records.remove(kept.key)
      throw error
    }
  }

  /** Gives the session the place that it had under its old key. */
  async #handOver({ owner }: Session<object>, from: string, kept: Kept): Promise<void> {
    if (!owner || !this.#limit) return
    const end = this.#records.endOf(kept.body)
    await this.#evict(await this.#limit.move(owner, from, placeOf(kept), end))
  }

  async #evict(keys: readonly string[]): Promise<void> {
    await Promise.all(keys.map(key => this.#endings.end(key)))
  }

  /** As {@link know}, for what this request wrote. */
  #keep(session: Session<object>, { key, body, version, expires }: Kept, id: Known['id']): void {
    this.#known.set(session, { key, body, version, expires, id, isOwn: true })
    Session.forgetChanges(session)
  }

  #pause(session: Session<object>, tried: number): Promise<void> {
    this.#conflicts.set(session, tried + 1)
    return backoff(tried)
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
}

function placeOf({ key, body }: Kept): { key: string; created: number } {
  return { key, created: body.created }
}

function contended({ name }: Session<object>): SessionError {
  return new SessionError('conflict', `session "${name}" was changed by others all the time`)
}
