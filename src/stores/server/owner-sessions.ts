/**
 * The sessions of an owner: listing them, and ending them.
 *
 * @module
 */

import type { OwnerIndex } from '../../backends/backend.ts'
import { ownerKey } from '../../backends/ids.ts'
import { storeOperation } from '../../lib/store-errors.ts'
import type { OwnerEpochs } from '../revocation/owner-epochs.ts'
import { isTombstone, type RecordBody, type Tombstone } from './record-format.ts'
import type { Kept, Records } from './records.ts'

/** The maximum number of passes over an owner's sessions. The last pass is the one that finds nothing new. */
const maxPasses = 10

/** What was ended. */
export interface Ended {
  readonly count: number
  /** The keys of the session that was not ended. */
  readonly spared: readonly string[]
}

/** A key that was listed, and what was found there. */
interface Listed {
  readonly key: string
  readonly exists: boolean
  readonly predecessor: string | undefined
}

/** Finds and ends sessions by owner. Calls reject with `store-failed` when the backend fails. */
export class OwnerSessions {
  readonly #index: OwnerIndex
  readonly #records: Records
  readonly #epochs: OwnerEpochs

  constructor(index: OwnerIndex, records: Records, epochs: OwnerEpochs) {
    this.#index = index
    this.#records = records
    this.#epochs = epochs
  }

  /**
   * The owner's sessions, each of them once although some may be moving to new ids.
   *
   * @param limit - how many records to read at most. Default: all
   */
  async list(owner: string, limit?: number): Promise<Kept[]> {
    const keys = (await this.#keysOf(ownerKey(owner))).slice(0, limit)
    const found = await this.#settled(await this.#found(keys))
    const listed = await Promise.all(
      [...found.values()].map(async each => ({
        each,
        counts: await this.#hasArrived(each, found),
      })),
    )
    return listed.filter(({ counts }) => counts).map(({ each }) => each)
  }

  /** Ends every session of the owner except the one that has, or had, the key `except`. */
  async end(owner: string, except?: string): Promise<Ended> {
    const spared = except && ((await this.#records.find(except))?.key ?? except)
    const key = ownerKey(owner)
    const endAll = (): Promise<Ended> => (spared ? this.#endOthers(key, spared) : this.#endAll(key))
    // First, so that a request that stores a session which is not listed yet detects the change, and starts over.
    const failure = await this.#epochs.advance(owner).catch((error: Error) => error)
    const ended = await endAll()
    if (!failure) return ended
    // A full disk has room again now.
    await this.#epochs.advance(owner)
    const more = await endAll()
    return { count: ended.count + more.count, spared: more.spared }
  }

  async #endAll(owner: string): Promise<Ended> {
    let count = 0
    for (let pass = 0; pass < maxPasses; pass++) {
      const deleted = await storeOperation('deleteOwner', () => this.#index.deleteOwner(owner))
      count += deleted
      // A session that is being rotated may be listed under neither id by a statement that waited for the rotation.
      if (deleted === 0 && (await this.#keysOf(owner)).length === 0) break
    }
    return { count, spared: [] }
  }

  /** One by one: the session to spare may be moving to a new id meanwhile. */
  async #endOthers(owner: string, except: string): Promise<Ended> {
    const spared = new Set([except])
    let count = 0
    for (let pass = 0; pass < maxPasses; pass++) {
      const keys = (await this.#keysOf(owner)).filter(key => !spared.has(key))
      const others = await Promise.all(keys.map(key => this.#listed(key)))
      // After they were read: what has arrived at its new record has left a tombstone.
      for (const key of await this.#path(except)) spared.add(key)
      for (const { key, predecessor } of others) {
        if (predecessor === undefined) continue
        // It is where an elevation will move the session, perhaps begun when the session had an older id.
        const path = [predecessor, ...(await this.#path(predecessor))]
        if (path.some(each => spared.has(each))) spared.add(key)
      }
      const doomed = others.filter(({ key, exists }) => exists && !spared.has(key))
      if (doomed.length === 0) break
      await Promise.all(doomed.map(({ key }) => this.#records.remove(key)))
      count += doomed.length
    }
    return { count, spared: [...spared] }
  }

  async #listed(key: string): Promise<Listed> {
    const record = await this.#records.load(key)
    const body = record && this.#records.unpack(key, record)
    const predecessor = isTombstone(body) ? undefined : body?.predecessor
    return { key, exists: record !== undefined, predecessor }
  }

  /** The keys that the session has had since it had this one. */
  async #path(key: string): Promise<string[]> {
    const body = await this.#read(key)
    return isTombstone(body) ? [body.successor, ...(await this.#path(body.successor))] : []
  }

  async #read(key: string): Promise<RecordBody | Tombstone | undefined> {
    const record = await this.#records.load(key)
    return record && this.#records.unpack(key, record)
  }

  #keysOf(owner: string): Promise<string[]> {
    return storeOperation('ofOwner', () => this.#index.ofOwner(owner))
  }

  /** The sessions that have, or had, these keys, by the keys that they have. */
  async #found(keys: Iterable<string>): Promise<Map<string, Kept>> {
    const found = await Promise.all([...keys].map(key => this.#records.find(key)))
    return new Map(found.flatMap(each => (each ? [[each.key, each] as const] : [])))
  }

  /** A session that was rotated while the records were read may have been read under both ids: read them again. */
  async #settled(found: Map<string, Kept>, pass = 1): Promise<Map<string, Kept>> {
    if (found.size < 2 || pass === maxPasses || ![...found.values()].some(hasMoved)) return found
    const again = await this.#found(found.keys())
    return isSame(found, again) ? found : this.#settled(again, pass + 1)
  }

  /** Whether the session has left its old record: until then, this one does not count. */
  async #hasArrived(session: Kept, found: ReadonlyMap<string, Kept>): Promise<boolean> {
    const { predecessor } = session.body
    if (predecessor !== undefined && found.has(predecessor)) return false
    return this.#records.hasArrived(session)
  }
}

function hasMoved({ body }: Kept): boolean {
  return body.metadata.rotatedAt !== undefined
}

function isSame(one: ReadonlyMap<string, Kept>, other: ReadonlyMap<string, Kept>): boolean {
  return (
    one.size === other.size &&
    [...one].every(([key, { version }]) => other.get(key)?.version === version)
  )
}
