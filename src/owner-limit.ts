/**
 * How many sessions an owner may have at once.
 *
 * @module
 */

import { utf8Bytes } from '#bytes'
import { attempt } from './attempt.ts'
import type { Backend, StoredRecord } from './backend.ts'
import { wholeNumber } from './checks.ts'
import { describeKind } from './describe.ts'
import { SessionError } from './errors.ts'
import { ownerKey } from './ids.ts'

/** How many, and what happens to one more. */
export interface MaxPerOwner {
  /** Sessions of one owner that exist at once. */
  readonly count: number
  /** End the one that began first (`'evict-oldest'`, the default), or refuse the new one (`'reject'`). */
  readonly onLimit?: 'evict-oldest' | 'reject'
}

/** A session that has a place. */
interface Place {
  readonly key: string
  readonly created: number
}

/** Tries to take a place while others take theirs. */
const attempts = 50

const decoder = new TextDecoder()

/**
 * Gives the sessions of an owner their places, in one record each owner that is changed by compare and
 * swap: of many sign-ins at once none is one too many.
 */
export class OwnerLimit {
  readonly #backend: Backend
  readonly #count: number
  readonly #onLimit: 'evict-oldest' | 'reject'

  /** Throws TypeError or RangeError for wrong options. */
  constructor(backend: Backend, { count, onLimit = 'evict-oldest' }: MaxPerOwner) {
    this.#backend = backend
    this.#count = wholeNumber('maxPerOwner.count', count)
    this.#onLimit = onLimit
    if (!['evict-oldest', 'reject'].includes(onLimit)) {
      const given = describeKind(onLimit)
      throw new TypeError(`maxPerOwner.onLimit must be 'evict-oldest' or 'reject', not ${given}`)
    }
  }

  /**
   * Gives a session that exists its place, for as long as `expires`. Answers the keys of those that lose
   * theirs for it, which the caller ends. Rejects with `too-many-sessions` when there is none; then the
   * caller ends the new one. With `store-failed` when the backend fails.
   *
   * @param replaces - key of the session that gives its place up for this one
   */
  async admit(
    owner: string,
    place: Place,
    expires: number,
    replaces: string = place.key,
  ): Promise<readonly string[]> {
    const gone = [place.key, replaces]
    const key = placesKey(owner)
    const evicted = await attempt('update', () => this.#take(key, place, expires, gone))
    if (evicted === undefined) {
      throw new SessionError(
        'too-many-sessions',
        `the owner has ${this.#count} sessions already; one has to end before another begins`,
      )
    }
    return evicted
  }

  /** The keys of sessions that lose their places; undefined when there is no place. */
  async #take(
    key: string,
    place: Place,
    expires: number,
    gone: readonly string[],
  ): Promise<string[] | undefined> {
    for (let tried = 0; tried < attempts; tried++) {
      const current = await this.#backend.load(key)
      const others = placesIn(current).filter(other => !gone.includes(other.key))
      // One that has ended gives its place up only when somebody needs it.
      const alive = others.length < this.#count ? others : await this.#alive(others)
      const over = alive.length + 1 - this.#count
      if (over > 0 && this.#onLimit === 'reject') return undefined
      const oldest = [...alive].sort((a, b) => a.created - b.created).slice(0, Math.max(0, over))
      const kept = alive.filter(other => !oldest.includes(other))
      const record = {
        data: encodePlaces([...kept, place]),
        expires: Math.max(expires, current?.expires ?? 0),
      }
      if (await this.#put(key, record, current)) return oldest.map(other => other.key)
    }
    throw new Error('the places of an owner were taken by others all the time')
  }

  async #put(
    key: string,
    record: { data: Uint8Array; expires: number },
    current: StoredRecord | undefined,
  ): Promise<boolean> {
    return current
      ? (await this.#backend.update(key, record, current.version)).status === 'updated'
      : (await this.#backend.create(key, record)).status === 'created'
  }

  async #alive(places: readonly Place[]): Promise<Place[]> {
    const records = await Promise.all(places.map(place => this.#backend.load(place.key)))
    return places.filter((_, index) => records[index] !== undefined)
  }
}

function placesKey(owner: string): string {
  return `places_${ownerKey(owner)}`
}

function encodePlaces(places: readonly Place[]): Uint8Array {
  return utf8Bytes(places.map(({ key, created }) => `${key} ${created}`).join('\n'))
}

function placesIn(record: StoredRecord | undefined): Place[] {
  if (!record) return []
  return decoder
    .decode(record.data)
    .split('\n')
    .flatMap(line => {
      const [key, created] = line.split(' ')
      return key && created ? [{ key, created: Number(created) }] : []
    })
}
