/**
 * What a session is as the body of a record, and what two requests make of one together.
 *
 * @module
 */

import type { Serializer } from '../../codec/serializers/serializer.ts'
import { SessionError } from '../../errors.ts'
import { type FullLifetime, ownLifetime } from '../../session/lifetime.ts'
import { adopt, merge } from '../../session/merge.ts'
import { mergeMetadata, type SessionMetadata } from '../../session/metadata.ts'
import { Session, type Values } from '../../session/session.ts'
import type { RecordBody } from './record-format.ts'

/** What bodies need to know of the sessions that they are made of. */
export interface RecordBodiesOptions {
  readonly serializer: Serializer
  /** When two requests changed the same key: the later counts, or rejects with `conflict`. */
  readonly onConflict: 'merge' | 'throw'
  readonly metadataOf: (session: Session<object>) => SessionMetadata
  readonly lifetimeOf: (name: string) => FullLifetime
  readonly now: () => number
}

/** Makes bodies of sessions. Throws `serialize-failed` for values that cannot be serialized. */
export class RecordBodies {
  readonly #serializer: Serializer
  readonly #onConflict: 'merge' | 'throw'
  readonly #metadataOf: (session: Session<object>) => SessionMetadata
  readonly #lifetimeOf: (name: string) => FullLifetime
  readonly #now: () => number

  constructor({ serializer, onConflict, metadataOf, lifetimeOf, now }: RecordBodiesOptions) {
    this.#serializer = serializer
    this.#onConflict = onConflict
    this.#metadataOf = metadataOf
    this.#lifetimeOf = lifetimeOf
    this.#now = now
  }

  /** Of a session that begins. */
  begin(session: Session<object>, epoch: number | undefined): RecordBody {
    const metadata = { ...this.#metadataOf(session), rotatedAt: undefined, epoch }
    return this.#bodyOf(session, session.createdAt ?? this.#now(), metadata)
  }

  /** The session as this request has it. It began when it was read to have, or when it was elevated. */
  of(session: Session<object>, base: RecordBody): RecordBody {
    return this.#bodyOf(session, session.createdAt ?? base.created, this.#metadataOf(session))
  }

  /** The same session, with an id that it has from now on. */
  rotated(body: RecordBody): RecordBody {
    return { ...body, metadata: { ...body.metadata, rotatedAt: this.#now() } }
  }

  /**
   * What this request changed, on what another saved. Throws `conflict`, when that was asked for, and
   * `store-failed` when there is nothing to read of the other.
   *
   * @param base - what this request read
   */
  merged(session: Session<object>, base: RecordBody, theirs: RecordBody | undefined): RecordBody {
    if (!theirs) throw new SessionError('store-failed', 'session backend: the record is damaged')
    const { values, contested } = merge(
      {
        base: this.valuesOf(base),
        mine: session.values as Values,
        theirs: this.valuesOf(theirs),
        changes: Session.mergeableChanges(session),
      },
      this.#serializer,
    )
    if (contested.length > 0 && this.#onConflict === 'throw') {
      const keys = contested.map(key => JSON.stringify(key)).join(', ')
      throw new SessionError('conflict', `session "${session.name}": others changed ${keys} too`)
    }
    const mine = this.of(session, base)
    const metadata = mergeMetadata(base.metadata, mine.metadata, theirs.metadata)
    const isAsRead = mine.idle === base.idle && mine.isTold === base.isTold
    const { idle, isTold } = isAsRead ? theirs : mine
    const created = mine.created === base.created ? theirs.created : mine.created
    return { name: mine.name, created, idle, isTold, metadata, payload: this.#serialize(values) }
  }

  /** Shows the session what was merged into it. */
  settle(session: Session<object>, body: RecordBody, mine: RecordBody): void {
    if (body === mine) return
    const { idle, isTold, metadata } = body
    adopt(session.values as Values, this.valuesOf(body), this.#serializer)
    session.owner = metadata.owner
    session.label = metadata.label
    session.lifetime = ownLifetime(metadata, this.#lifetimeOf(session.name))
    if (idle === mine.idle && isTold === mine.isTold) return
    session.options.maxAge = isTold ? idle : 'session'
  }

  /** The body without the value under `key`. */
  without(body: RecordBody, key: string): RecordBody {
    const { [key]: _, ...values } = this.valuesOf(body)
    return { ...body, payload: this.#serialize(values) }
  }

  /** The messages under `key`. The session goes on with the rest. */
  take(session: Session<object>, body: RecordBody, key: string): unknown[] {
    const { [key]: messages, ...values } = this.valuesOf(body)
    adopt(session.values as Values, values, this.#serializer)
    return Array.isArray(messages) ? messages : []
  }

  /** The values, as far as they can be read: who asks for a session looks whether they are any. */
  valuesOf({ payload }: RecordBody): Values {
    try {
      return this.#serializer.deserialize(payload) as Values
    } catch {
      return undefined as unknown as Values
    }
  }

  #bodyOf(session: Session<object>, created: number, metadata: SessionMetadata): RecordBody {
    const { name, lifetime, values } = session
    const { maxAge } = session.options
    const isTold = typeof maxAge === 'number'
    const idle = isTold ? maxAge : lifetime.idle
    return { name, created, idle, isTold, metadata, payload: this.#serialize(values) }
  }

  #serialize(values: object): Uint8Array {
    try {
      return this.#serializer.serialize(values)
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : 'the values cannot be serialized'
      throw new SessionError('serialize-failed', message, { cause })
    }
  }
}
