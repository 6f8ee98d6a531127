/**
 * A list of revoked sessions, for stores that keep nothing else on the server.
 *
 * For each session that was rotated or destroyed, a backend keeps the lowest generation whose cookies are
 * valid; for each owner whose sessions were all ended, the owner's epoch. Entries expire when the last cookie
 * that they refuse has expired.
 *
 * @module
 */

import type { Backend } from '../../backends/backend.ts'
import { keyOf, newId, ownerKey } from '../../backends/ids.ts'
import { tenYears } from '../../lib/clock.ts'
import type { SessionMetadata } from '../../session/metadata.ts'
import { Counters } from '../revocation/counters.ts'
import { Epoch } from '../revocation/epoch.ts'

/** How long entries outlive the cookies that they refuse, in seconds: clocks may be off. */
const margin = 2 * 86_400

/** The key of the time at which the list began. Keys of sessions have 43 characters, so they cannot collide with it. */
const sinceKey = 'since'

/** A generation that no cookie reaches. */
const ended = 2 ** 40

/** What a session is written with, so that it can be revoked later. */
export type RevocationState = Pick<SessionMetadata, 'familyId' | 'ownerEpoch' | 'epoch'>

/** Records what was revoked. Calls reject with `store-failed` when the backend fails. */
export class Revocations {
  readonly #counters: Counters
  readonly #epoch: Epoch
  readonly #now: () => number
  readonly #isStrict: boolean

  /** @param isStrict - whether sessions that began before the list did are revoked */
  constructor(backend: Backend, now: () => number, isStrict: boolean) {
    this.#counters = new Counters(backend)
    this.#epoch = new Epoch(this.#counters, now)
    this.#now = now
    this.#isStrict = isStrict
  }

  /** Whether a session, of which this is the start, may have been revoked in a list that was lost. */
  async mayBeForgotten(startedAt: number | undefined): Promise<boolean> {
    return this.#isStrict && (startedAt ?? 0) < (await this.#since())
  }

  /** @param signal - aborts the reads */
  async isRevoked(
    { owner, familyId, generation = 0, ownerEpoch = 0, epoch = 0 }: SessionMetadata,
    signal?: AbortSignal,
  ): Promise<boolean> {
    // A cookie from before revocation was switched on has no family: only epochs apply to it.
    const [lowest, ownersNow, everyoneNow] = await Promise.all([
      familyId === undefined ? 0 : this.#counters.read(keyOf(familyId), signal),
      owner === undefined ? 0 : this.#counters.read(ownerKey(owner), signal),
      this.#epoch.current(),
    ])
    return generation < lowest || ownerEpoch < ownersNow || epoch < everyoneNow
  }

  /** Whether all sessions were ended at some time. */
  async hasEndedEverything(): Promise<boolean> {
    return (await this.#epoch.current()) > 0
  }

  /** The state of a new session, which may have been started a little earlier: by a slow sign-in. */
  async begin(owner: string | undefined, startedAt: number | undefined): Promise<RevocationState> {
    // The list must not begin after the first session in it.
    if (this.#isStrict) await this.#since(startedAt)
    const epoch = await this.#epoch.latest()
    return {
      familyId: newId(),
      ownerEpoch: await this.ownerEpoch(owner),
      epoch: epoch || undefined,
    }
  }

  async ownerEpoch(owner: string | undefined): Promise<number | undefined> {
    return owner === undefined
      ? undefined
      : (await this.#counters.read(ownerKey(owner))) || undefined
  }

  /** Revokes cookies of the session from before this generation. `seconds`: how long they are valid. */
  async raise(familyId: string, generation: number, seconds: number): Promise<void> {
    const expires = this.#now() + seconds + margin
    await this.#counters.raise(keyOf(familyId), current => Math.max(current, generation), expires)
  }

  /** Revokes every cookie of the session. */
  end(familyId: string, seconds: number): Promise<void> {
    return this.raise(familyId, ended, seconds)
  }

  /** Revokes every cookie of the owner issued so far. Resolves to the epoch of later ones. */
  endOwner(owner: string, seconds: number): Promise<number> {
    const now = this.#now()
    return this.#counters.raise(
      ownerKey(owner),
      current => Math.max(current + 1, now),
      now + seconds + margin,
    )
  }

  /** Revokes every cookie issued so far. */
  async endEverything(): Promise<void> {
    await this.#epoch.advance()
  }

  /** When the list began. If nothing is left of an earlier one, it begins at `start`. */
  #since(start = this.#now()): Promise<number> {
    return this.#counters.raise(sinceKey, since => since || start, this.#now() + tenYears)
  }
}
