/**
 * What can be watched: a session, or all sessions of an owner.
 *
 * @module
 */

import { ownerKey } from '../../backends/ids.ts'
import type { OwnerEpochs } from '../revocation/owner-epochs.ts'
import type { Records } from './records.ts'

/** Sessions that have ended, or one that has got another key. Keys and owners are hashes. */
export type Notice =
  | { readonly ended: readonly string[] }
  | { readonly owner: string; readonly except: readonly string[] }
  | { readonly moved: readonly [from: string, to: string] }
  | { readonly everything: true }

/** A session or an owner that is watched. */
export interface Watched {
  /** When it expires unless it is used: Unix time in seconds. Infinity if that is not watched. */
  readonly expires: number
  /** Returns whether the notice reports its end. Follows a session to its new key. */
  receive(notice: Notice): boolean
  /** Asks the backend whether it has ended, given the store's epoch. Rejects with `store-failed`. */
  hasEnded(epoch: number): Promise<boolean>
}

/** A session that is watched, by the key of its record. */
export class WatchedSession implements Watched {
  expires = Number.POSITIVE_INFINITY
  #key: string
  #owner: string | undefined
  readonly #records: Records

  constructor(key: string, owner: string | undefined, records: Records) {
    this.#key = key
    this.#owner = owner && ownerKey(owner)
    this.#records = records
  }

  receive(notice: Notice): boolean {
    if ('moved' in notice) {
      const [from, to] = notice.moved
      if (this.#key === from) this.#key = to
      return false
    }
    if ('everything' in notice) return true
    if ('ended' in notice) return notice.ended.includes(this.#key)
    return notice.owner === this.#owner && !notice.except.includes(this.#key)
  }

  async hasEnded(epoch: number): Promise<boolean> {
    const key = this.#key
    const found = await this.#records.find(key)
    // A notice has arrived meanwhile: the session has a newer key.
    if (this.#key !== key) return this.hasEnded(epoch)
    if (!found || (found.body.metadata.epoch ?? 0) < epoch) return true
    const { owner } = found.body.metadata
    this.#key = found.key
    this.#owner = owner && ownerKey(owner)
    this.expires = found.expires
    return false
  }
}

/** All sessions of an owner. They end together when the epoch of the owner, or of the store, is raised. */
export class WatchedOwner implements Watched {
  readonly expires = Number.POSITIVE_INFINITY
  readonly #owner: string
  readonly #key: string
  readonly #ownerEpochs: OwnerEpochs
  readonly #epoch: number
  readonly #ownerEpoch: number

  /** @param epoch - the epoch of the store, and `ownerEpoch` that of the owner, when the watch begins */
  constructor(owner: string, ownerEpochs: OwnerEpochs, epoch: number, ownerEpoch: number) {
    this.#owner = owner
    this.#key = ownerKey(owner)
    this.#ownerEpochs = ownerEpochs
    this.#epoch = epoch
    this.#ownerEpoch = ownerEpoch
  }

  receive(notice: Notice): boolean {
    return 'everything' in notice || ('owner' in notice && notice.owner === this.#key)
  }

  async hasEnded(epoch: number): Promise<boolean> {
    return epoch > this.#epoch || (await this.#ownerEpochs.current(this.#owner)) > this.#ownerEpoch
  }
}
