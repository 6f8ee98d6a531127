/**
 * A persistence that moves sessions into a backend while they are too large for a cookie.
 *
 * @module
 */

import { latin1Text, utf8Bytes } from '#bytes'
import type { Backend, StoredRecord } from '../../backends/backend.ts'
import { keyOf, newId } from '../../backends/ids.ts'
import { type Codec, encodeMulti } from '../../codec/codec.ts'
import type { Serializer } from '../../codec/serializers/serializer.ts'
import { chain, type MaybePromise } from '../../lib/maybe-promise.ts'
import { retryOnConflict } from '../../lib/retry.ts'
import { storeOperation } from '../../lib/store-errors.ts'
import { encodeMetadata } from '../../session/metadata.ts'
import type { Snapshot } from '../../session/snapshot.ts'
import type { Capability } from '../../session/store.ts'
import { openCookie } from '../open-cookie.ts'
import {
  type Draft,
  encodeContextOf,
  encodeId,
  type Loaded,
  type Persistence,
  type ReadContext,
  type Rejected,
  type Written,
} from '../persistence.ts'
import { loadedFrom } from './cookie-persistence.ts'

/** A cookie value that begins with it holds an id. No codec of ours produces it. */
const marker = '~'

/** What spilling needs besides a backend. */
export interface SpillingOptions {
  /** Codecs for the ids in cookies, newest first. */
  readonly idCodecs: readonly Codec[]
  /** Codecs for the records in the backend, newest first. */
  readonly recordCodecs: readonly Codec[]
  /** Whether large sessions are spilled; otherwise only those that were spilled before are read. */
  readonly spills: boolean
  /** The limit for the name and value of a session that is not spilled. */
  readonly maxTotalBytes: number
  /** The clock: Unix time in seconds. */
  readonly now: () => number
}

/** Stores large sessions under a hash of their id, which is in the cookie. */
export class Spilling implements Persistence {
  readonly capabilities: ReadonlySet<Capability>
  readonly serializer: Serializer | undefined
  readonly codecs: NonNullable<Persistence['codecs']>
  readonly #inner: Persistence
  readonly #backend: Backend
  readonly #options: SpillingOptions

  constructor(inner: Persistence, backend: Backend, options: SpillingOptions) {
    this.capabilities = inner.capabilities
    this.serializer = inner.serializer
    this.codecs = [...(inner.codecs ?? []), ...options.idCodecs, ...options.recordCodecs]
    this.#inner = inner
    this.#backend = backend
    this.#options = options
  }

  read(name: string, text: string, context: ReadContext): MaybePromise<Loaded | Rejected> {
    if (!text.startsWith(marker)) return this.#inner.read(name, text, context)
    return this.#readSpilled(name, text.slice(marker.length), context.signal)
  }

  write(draft: Draft, base: Snapshot): MaybePromise<Written | undefined> {
    return chain(this.#inner.write(draft, base), written => {
      const text = written?.text ?? ''
      const { spills, maxTotalBytes } = this.#options
      if (spills && draft.name.length + text.length > maxTotalBytes) {
        return this.#spill(draft)
      }
      // The record stays until it expires: an earlier response that names it may arrive last.
      if (draft.id === undefined || !draft.rotation) return written
      return this.#delete(draft.id).then(() => written)
    })
  }

  hasRoomFor(draft: Draft): boolean {
    return this.#options.spills || (this.#inner.hasRoomFor?.(draft) ?? true)
  }

  erase(base: Snapshot): MaybePromise<void> {
    return chain(this.#inner.erase(base), () =>
      base.id === undefined ? undefined : this.#delete(base.id),
    )
  }

  async #readSpilled(
    name: string,
    text: string,
    signal: AbortSignal | undefined,
  ): Promise<Loaded | Rejected> {
    const cookie = openCookie(name, text, this.#options.idCodecs)
    if ('reason' in cookie) return cookie
    const id = cookie.opened.value
    if (typeof id !== 'string') return { reason: 'malformed' }
    const record = await storeOperation('load', () =>
      this.#backend.load(keyOf(id), signal && { signal }),
    )
    if (!record) return { reason: 'unknown-id' }
    const result = openCookie(recordName(name, id), textOf(record), this.#options.recordCodecs)
    if ('reason' in result) return result
    const renewal = result.opened.renewal ?? cookie.opened.renewal
    return loadedFrom({ ...result.opened, renewal }, id)
  }

  /**
   * Stores the session in place of its record. Of two writers the later wins, as with cookies. Returns
   * undefined if the session was ended meanwhile.
   */
  async #spill(draft: Draft): Promise<Written | undefined> {
    const { name, values } = draft
    const { idCodecs, recordCodecs } = this.#options
    const existing = draft.rotation ? undefined : draft.id
    const id = existing ?? newId()
    const context = encodeContextOf(draft, encodeMetadata(draft.metadata))
    const data = utf8Bytes(encodeMulti(recordName(name, id), values, recordCodecs, context))
    const expires = this.#options.now() + (draft.maxAge ?? draft.idle)
    const record = { data, expires }
    const isWritten = await storeOperation('update', () => this.#put(keyOf(id), record, existing))
    if (!isWritten) return undefined
    // After a rotation, the old id is invalid before the response leaves.
    if (draft.id !== undefined && draft.id !== id) await this.#delete(draft.id)
    return { text: marker + encodeId(draft, id, idCodecs), id }
  }

  async #delete(id: string): Promise<void> {
    await storeOperation('delete', () => this.#backend.delete(keyOf(id)))
  }

  async #put(
    key: string,
    record: { data: Uint8Array; expires: number },
    existing: string | undefined,
  ): Promise<boolean> {
    if (existing === undefined) {
      return (await this.#backend.create(key, record)).status === 'created'
    }
    return retryOnConflict<StoredRecord | undefined, boolean>(
      await this.#backend.load(key),
      async current => {
        if (!current) return { result: false }
        const result = await this.#backend.update(key, record, current.version)
        if (result.status === 'conflict') return { retry: result.current }
        return { result: result.status === 'updated' }
      },
      { attempts: 10, gaveUp: tries => new Error(`gave up after ${tries} conflicting writes`) },
    )
  }
}

/** A record opens only under the id that it was stored with. */
function recordName(name: string, id: string): string {
  return `${name} ${id}`
}

function textOf({ data }: StoredRecord): string {
  return latin1Text(data, 0, data.length)
}
