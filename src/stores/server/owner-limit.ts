/**
 * Limiting how many sessions an owner has at once.
 *
 * @module
 */

import { utf8Bytes } from '#bytes'
import type { Backend, StoredRecord } from '../../backends/backend.ts'
import { ownerKey } from '../../backends/ids.ts'
import { SessionError } from '../../errors.ts'
import { assertInteger, assertOneOf } from '../../lib/assert-options.ts'
import { withKeyLock } from '../../lib/keyed-mutex.ts'
import { retryOnConflict } from '../../lib/retry.ts'
import { storeOperation } from '../../lib/store-errors.ts'

/** The limit, and what happens to a session beyond it. */
export interface MaxPerOwner {
  /** How many sessions of one owner can exist at once. */
  readonly count: number
  /** End the oldest session (`'evict-oldest'`, the default), or refuse the new one (`'reject'`). */
  readonly onLimit?: 'evict-oldest' | 'reject'
}

/** A session that counts towards the limit. */
interface Slot {
  readonly key: string
  readonly created: number
}

/** The sessions that hold a slot from now on, and the keys of those that lost theirs. */
interface Change {
  readonly slots: readonly Slot[]
  readonly evicted: readonly string[]
}

const decoder = new TextDecoder()

/**
 * Keeps the slots of each owner in one record, which is changed by compare-and-swap, so that concurrent
 * sign-ins cannot exceed the limit.
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
    assertOneOf('maxPerOwner.onLimit', onLimit, ['evict-oldest', 'reject'])
  }

  /**
   * Acquires a slot for a session that exists, until `expires`. Resolves to the keys of the sessions that lose
   * theirs, which the caller ends. Rejects with `too-many-sessions` if there is none left; then the caller
   * ends the new session. Rejects with `store-failed` when the backend fails.
   *
   * @param replaces - the key of a session that gives up its slot for this one
   */
  async acquire(
    owner: string,
    slot: Slot,
    expires: number,
    replaces?: string,
  ): Promise<readonly string[]> {
    const evicted = await this.#change(owner, expires, slots => this.#take(slots, slot, replaces))
    if (evicted === undefined) {
      throw new SessionError(
        'too-many-sessions',
        `the owner has ${this.#count} sessions already; one has to end before another begins`,
      )
    }
    return evicted
  }

  /**
   * Transfers the slot of a session to its new key. A session without a slot gets one, and is never refused,
   * because it exists already. If it is the oldest, as one that was evicted meanwhile is, the sessions that lose
   * their slots include it. Resolves like {@link acquire}.
   */
  async transfer(
    owner: string,
    from: string,
    slot: Slot,
    expires: number,
  ): Promise<readonly string[]> {
    const take = (slots: readonly Slot[]): Promise<Change | undefined> =>
      this.#take(slots, slot, from, true)
    return (await this.#change(owner, expires, take)) ?? []
  }

  /** Frees the slot of a session that no longer belongs to this owner. */
  async release(owner: string, key: string): Promise<void> {
    await this.#change(owner, 0, async slots => {
      const others = slots.filter(slot => slot.key !== key)
      return others.length < slots.length ? { slots: others, evicted: [] } : undefined
    })
  }

  /** The slots with this one added; undefined if the limit is reached. */
  async #take(
    slots: readonly Slot[],
    slot: Slot,
    replaces = slot.key,
    isThere = false,
  ): Promise<Change | undefined> {
    const others = slots.filter(({ key }) => key !== slot.key && key !== replaces)
    if (others.length < slots.length) return { slots: [...others, slot], evicted: [] }
    // Ended sessions are looked for only when their slots are needed.
    const alive = others.length < this.#count ? others : await this.#alive(others)
    const over = Math.max(0, alive.length + 1 - this.#count)
    if (over > 0 && this.#onLimit === 'reject' && !isThere) return undefined
    const doomed = this.#onLimit === 'reject' ? 0 : over
    const candidates = isThere ? [slot, ...alive] : alive
    const oldest = candidates.toSorted((a, b) => a.created - b.created).slice(0, doomed)
    const kept = [...alive, slot].filter(each => !oldest.includes(each))
    return { slots: kept, evicted: oldest.map(({ key }) => key) }
  }

  /** Changes the slots of an owner. Resolves to the keys of the sessions that lost theirs. */
  #change(
    owner: string,
    expires: number,
    next: (slots: readonly Slot[]) => Promise<Change | undefined>,
  ): Promise<readonly string[] | undefined> {
    const key = slotsKey(owner)
    const change = async (): Promise<readonly string[] | undefined> =>
      retryOnConflict<undefined, readonly string[] | undefined>(
        undefined,
        async () => {
          const current = await this.#backend.load(key)
          const change = await next(slotsIn(current))
          if (!change) return { result: undefined }
          const record = {
            data: encodeSlots(change.slots),
            expires: Math.max(expires, current?.expires ?? 0),
          }
          const isWritten = await this.#put(key, record, current)
          return isWritten ? { result: change.evicted } : { retry: undefined }
        },
        {
          gaveUp: tries =>
            new Error(`gave up after ${tries} conflicting writes of the owner's slots`),
        },
      )
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

  async #alive(slots: readonly Slot[]): Promise<Slot[]> {
    const records = await Promise.all(slots.map(slot => this.#backend.load(slot.key)))
    return slots.filter((_, index) => records[index] !== undefined)
  }
}

function slotsKey(owner: string): string {
  return `places_${ownerKey(owner)}`
}

function encodeSlots(slots: readonly Slot[]): Uint8Array {
  return utf8Bytes(slots.map(({ key, created }) => `${key} ${created}`).join('\n'))
}

function slotsIn(record: StoredRecord | undefined): Slot[] {
  if (!record) return []
  return decoder
    .decode(record.data)
    .split('\n')
    .flatMap(line => {
      const [key, created] = line.split(' ')
      return key && created ? [{ key, created: Number(created) }] : []
    })
}
