/**
 * Sessions that have ended although their cookies are out there: for stores that keep nothing else.
 *
 * A backend keeps a number for each session that was rotated or destroyed, below which its cookies do
 * not count, and one for each owner whose sessions were all ended. They go when the last such cookie
 * has expired by itself.
 *
 * @module
 */

import type { Backend } from '../../backends/backend.ts'
import { keyOf, newId, ownerKey } from '../../backends/ids.ts'
import type { SessionMarks, SessionMetadata } from '../../session/metadata.ts'
import { Counters } from '../revocation/counters.ts'
import { Epoch } from '../revocation/epoch.ts'

/** Seconds for which notes outlive the cookies that they refuse, whatever a clock did meanwhile. */
const margin = 2 * 86_400

/** A generation that no cookie has. */
const ended = 2 ** 40

/** Keeps what has ended. Calls reject with `store-failed` when the backend fails. */
export class Revocations {
  readonly #counters: Counters
  readonly #epoch: Epoch
  readonly #now: () => number

  constructor(backend: Backend, now: () => number) {
    this.#counters = new Counters(backend)
    this.#epoch = new Epoch(this.#counters, now)
    this.#now = now
  }

  async isRevoked({
    owner,
    lineage,
    generation = 0,
    ownerEpoch = 0,
    epoch = 0,
  }: SessionMetadata): Promise<boolean> {
    // A cookie of before there was a list of ended sessions is on no list: it counts.
    const [lowest, ownersNow, everyoneNow] = await Promise.all([
      lineage === undefined ? 0 : this.#counters.read(keyOf(lineage)),
      owner === undefined ? 0 : this.#counters.read(ownerKey(owner)),
      this.#epoch.current(),
    ])
    return generation < lowest || ownerEpoch < ownersNow || epoch < everyoneNow
  }

  /** Whether every session was ended once. */
  async hasEndedEverything(): Promise<boolean> {
    return (await this.#epoch.current()) > 0
  }

  /** The marks of a session that begins. */
  async begin(owner: string | undefined): Promise<SessionMarks> {
    const epoch = await this.#epoch.current()
    return { lineage: newId(), ownerEpoch: await this.ownerEpoch(owner), epoch: epoch || undefined }
  }

  async ownerEpoch(owner: string | undefined): Promise<number | undefined> {
    return owner === undefined
      ? undefined
      : (await this.#counters.read(ownerKey(owner))) || undefined
  }

  /** Refuses cookies of the session from before this generation. `seconds`: how long they last. */
  async raise(lineage: string, generation: number, seconds: number): Promise<void> {
    const expires = this.#now() + seconds + margin
    await this.#counters.raise(keyOf(lineage), current => Math.max(current, generation), expires)
  }

  /** Refuses every cookie of the session. */
  end(lineage: string, seconds: number): Promise<void> {
    return this.raise(lineage, ended, seconds)
  }

  /** Refuses every cookie of the owner until now. Answers the mark of later ones. */
  endOwner(owner: string, seconds: number): Promise<number> {
    const now = this.#now()
    return this.#counters.raise(
      ownerKey(owner),
      current => Math.max(current + 1, now),
      now + seconds + margin,
    )
  }

  /** Refuses every cookie until now. */
  async endEverything(): Promise<void> {
    await this.#epoch.advance()
  }
}
