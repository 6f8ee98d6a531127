/**
 * A persistence whose sessions can be revoked although they are stored in their cookies.
 *
 * @module
 */

import type { Backend } from '../../backends/backend.ts'
import type { Serializer } from '../../codec/serializers/serializer.ts'
import { thirtyDays, unixSeconds } from '../../lib/clock.ts'
import type { MaybePromise } from '../../lib/maybe-promise.ts'
import type { SessionMetadata } from '../../session/metadata.ts'
import type { Snapshot } from '../../session/snapshot.ts'
import type { Capability } from '../../session/store.ts'
import type { Draft, Loaded, Persistence, ReadContext, Rejected, Written } from '../persistence.ts'
import { Revocations } from './revocations.ts'

/** Asks a list of revoked sessions at each read, and maintains it. */
export class Revocable implements Persistence {
  readonly capabilities: ReadonlySet<Capability>
  readonly serializer: Serializer | undefined
  readonly codecs: NonNullable<Persistence['codecs']>
  readonly #inner: Persistence
  readonly #revocations: Revocations

  /**
   * Throws a TypeError if `inner` does not store metadata.
   *
   * @param backend - where revoked sessions are recorded
   */
  constructor(
    inner: Persistence,
    backend: Backend,
    {
      now = unixSeconds,
      strict = false,
    }: {
      /** The clock: Unix time in seconds. Default: the system clock. */
      now?: () => number
      /** Revoke sessions that began before the records did, which the backend may have lost. Default false. */
      strict?: boolean | undefined
    } = {},
  ) {
    if (!inner.capabilities.has('metadata')) {
      throw new TypeError('revocation needs keys: other codecs have no room for metadata')
    }
    this.capabilities = new Set<Capability>([...inner.capabilities, 'revocation', 'owners'])
    this.serializer = inner.serializer
    this.codecs = inner.codecs ?? []
    this.#inner = inner
    this.#revocations = new Revocations(backend, now, strict)
  }

  async read(name: string, text: string, context: ReadContext): Promise<Loaded | Rejected> {
    const loaded = await this.#inner.read(name, text, context)
    if ('reason' in loaded) return loaded
    const [isRevoked, mayBeForgotten] = await Promise.all([
      this.#revocations.isRevoked(loaded.metadata ?? {}, context.signal),
      this.#revocations.mayBeForgotten(loaded.startedAt),
    ])
    return isRevoked || mayBeForgotten ? { reason: 'revoked' } : loaded
  }

  hasRoomFor(draft: Draft): boolean {
    return this.#inner.hasRoomFor?.(draft) ?? true
  }

  /** Returns undefined if the session was revoked meanwhile. */
  async write(draft: Draft, base: Snapshot): Promise<Written | undefined> {
    const { owner } = base.metadata
    const { familyId } = draft.metadata
    // A session that was not read can have ended only since this request saved it. A sign-in starts a new session,
    // so it is valid even if the previous one has ended.
    const isKnown = base.reason === undefined || familyId !== undefined
    if (
      isKnown &&
      draft.rotation !== 'login' &&
      (await this.#revocations.isRevoked({ ...draft.metadata, owner }))
    ) {
      return undefined
    }
    const metadata = { ...draft.metadata, ...(await this.#nextState(draft, owner)) }
    // Written first: a session that does not fit into a cookie must leave its predecessors valid.
    const written = await this.#inner.write({ ...draft, metadata }, base)
    if (written && draft.rotation && familyId !== undefined) {
      await this.#revokeEarlier(familyId, metadata)
    }
    return written && { ...written, metadata }
  }

  async erase(base: Snapshot): Promise<void> {
    const { familyId } = base.metadata
    if (familyId !== undefined) await this.#revocations.end(familyId, this.#longestLife())
    await this.#inner.erase(base)
  }

  hasEndedEverything(): MaybePromise<boolean> {
    return this.#revocations.hasEndedEverything()
  }

  /** Revokes every session of the owner. Resolves to the owner's new epoch. */
  endOwner(owner: string): Promise<number> {
    return this.#revocations.endOwner(owner, this.#longestLife())
  }

  /** Revokes every session. */
  endEverything(): Promise<void> {
    return this.#revocations.endEverything()
  }

  /** The revocation state that the session is written with. */
  async #nextState(
    { metadata, rotation, startedAt }: Draft,
    ownerBefore: string | undefined,
  ): Promise<Partial<SessionMetadata>> {
    const { owner, familyId, generation = 0 } = metadata
    if (familyId === undefined || rotation === 'login') {
      return { generation: undefined, ...(await this.#revocations.begin(owner, startedAt)) }
    }
    return {
      ...(owner !== ownerBefore && { ownerEpoch: await this.#revocations.ownerEpoch(owner) }),
      ...(rotation && { generation: generation + 1 }),
    }
  }

  /** Revokes the cookies from before a rotation, or from before a sign-in. */
  async #revokeEarlier(familyId: string, now: SessionMetadata): Promise<void> {
    const seconds = this.#longestLife()
    if (now.familyId !== familyId) await this.#revocations.end(familyId, seconds)
    else await this.#revocations.raise(familyId, now.generation ?? 0, seconds)
  }

  /** How long a cookie of this store can be valid, in seconds. */
  #longestLife(): number {
    return Math.max(...this.codecs.map(({ maxLifetime }) => maxLifetime ?? thirtyDays))
  }
}
