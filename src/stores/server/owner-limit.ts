/**
 * How many sessions an owner may have at once.
 *
 * @module
 */

import { utf8Bytes } from '#bytes'
import type { Backend, StoredRecord } from '../../backends/backend.ts'
import { ownerKey } from '../../backends/ids.ts'
import { SessionError } from '../../errors.ts'
import { assertInteger } from '../../lib/assert-options.ts'
import { describeKind } from '../../lib/describe.ts'
import { withKeyLock } from '../../lib/keyed-mutex.ts'
import { backoff } from '../../lib/retry.ts'
import { storeOperation } from '../../lib/store-errors.ts'

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

/** Who has places from now on, and the keys of those that lost theirs. */
interface Change {
  readonly places: readonly Place[]
  readonly evicted: readonly string[]
}

/** Tries to take a place while others of other processes take theirs. */
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
    this.#count = assertInteger('maxPerOwner.count', count)
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
    replaces?: string,
  ): Promise<readonly string[]> {
    const evicted = await this.#change(owner, expires, places =>
      this.#take(places, place, replaces),
    )
    if (evicted === undefined) {
      throw new SessionError(
        'too-many-sessions',
        `the owner has ${this.#count} sessions already; one has to end before another begins`,
      )
    }
    return evicted
  }

  /**
   * Hands the place of a session to the same session under another key. One that has lost its place
   * needs a new one, and is not refused: it is there already. Answers as {@link admit}.
   */
  async move(
    owner: string,
    from: string,
    place: Place,
    expires: number,
  ): Promise<readonly string[]> {
    const take = (places: readonly Place[]): Promise<Change | undefined> =>
      this.#take(places, place, from, true)
    return (await this.#change(owner, expires, take)) ?? []
  }

  /** Takes the place of a session away that is somebody else's now, or nobody's. */
  async release(owner: string, key: string): Promise<void> {
    await this.#change(owner, 0, async places => {
      const others = places.filter(place => place.key !== key)
      return others.length < places.length ? { places: others, evicted: [] } : undefined
    })
  }

  /** Who has places with this one, and who loses theirs; undefined when there is none for it. */
  async #take(
    places: readonly Place[],
    place: Place,
    replaces = place.key,
    isThere = false,
  ): Promise<Change | undefined> {
    const others = places.filter(({ key }) => key !== place.key && key !== replaces)
    if (others.length < places.length) return { places: [...others, place], evicted: [] }
    // One that has ended gives its place up only when somebody needs it.
    const alive = others.length < this.#count ? others : await this.#alive(others)
    const over = Math.max(0, alive.length + 1 - this.#count)
    if (over > 0 && this.#onLimit === 'reject' && !isThere) return undefined
    const doomed = this.#onLimit === 'reject' ? 0 : over
    const oldest = [...alive].sort((a, b) => a.created - b.created).slice(0, doomed)
    const kept = alive.filter(other => !oldest.includes(other))
    return { places: [...kept, place], evicted: oldest.map(({ key }) => key) }
  }

  /** Changes the places of an owner. Answers the keys of those that lost theirs. */
  #change(
    owner: string,
    expires: number,
    next: (places: readonly Place[]) => Promise<Change | undefined>,
  ): Promise<readonly string[] | undefined> {
    const key = placesKey(owner)
    const change = async (): Promise<readonly string[] | undefined> => {
      for (let tried = 0; tried < attempts; tried++) {
        const current = await this.#backend.load(key)
        const change = await next(placesIn(current))
        if (!change) return undefined
        const record = {
          data: encodePlaces(change.places),
          expires: Math.max(expires, current?.expires ?? 0),
        }
        if (await this.#put(key, record, current)) return change.evicted
        await backoff(tried)
      }
      throw new Error('the places of an owner were taken by others all the time')
    }
    return storeOperation('update', () => withKeyLock(key, change))
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
