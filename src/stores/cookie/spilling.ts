/**
 * Sessions that are too large for a cookie, kept in a backend until they fit again.
 *
 * @module
 */

import { latin1Text, utf8Bytes } from '#bytes'
import type { Backend, StoredRecord } from '../../backends/backend.ts'
import { keyOf, newId } from '../../backends/ids.ts'
import { type Codec, type EncodeContext, encodeMulti } from '../../codec/codec.ts'
import { unixSeconds } from '../../lib/clock.ts'
import { storeOperation } from '../../lib/store-errors.ts'
import { Session } from '../../session/session.ts'
import { type OpenedText, openText } from '../open-text.ts'

/** A value that begins so is an id. No codec of ours writes it, and every cookie may hold it. */
const mark = '~'

/**
 * How long a record is kept, in seconds, after its session fits a cookie again: requests that were
 * sent with the old cookie are still on their way.
 */
const graceSeconds = 60

/** Tries to write against others who write the same session; then the failure is told. */
const attempts = 10

/** Keeps sessions in a backend, encoded and under a hash of their id, which is in the cookie. */
export class SpillOver {
  readonly #backend: Backend
  readonly #idCodecs: readonly Codec[]
  readonly #recordCodecs: readonly Codec[]
  readonly #now: () => number

  constructor(
    backend: Backend,
    idCodecs: readonly Codec[],
    recordCodecs: readonly Codec[],
    now: () => number = unixSeconds,
  ) {
    this.#backend = backend
    this.#idCodecs = idCodecs
    this.#recordCodecs = recordCodecs
    this.#now = now
  }

  /** True for the text of a session that is kept here. */
  static isMark(text: string): boolean {
    return text.startsWith(mark)
  }

  get codecs(): readonly Codec[] {
    return [...this.#idCodecs, ...this.#recordCodecs]
  }

  /** The session that the text stands for. Rejects with `store-failed` when the backend fails. */
  async read(name: string, text: string): Promise<OpenedText> {
    const result = openText(name, text.slice(mark.length), this.#idCodecs)
    if ('reason' in result) return result
    const id = result.opened.value
    if (typeof id !== 'string') return { reason: 'malformed' }
    const record = await storeOperation('load', () => this.#backend.load(keyOf(id)))
    if (!record) return { reason: 'unknown-id' }
    const opened = openText(recordName(name, id), textOf(record), this.#recordCodecs)
    if ('reason' in opened) return opened
    const renewal = opened.opened.renewal ?? result.opened.renewal
    return { opened: { ...opened.opened, renewal }, id }
  }

  /**
   * Keeps the session, in place of what was kept of it. The later of two writers wins, as with
   * cookies. Answers the text for the cookie; undefined when the session was ended meanwhile.
   */
  async write(session: Session<object>, context: EncodeContext): Promise<string | undefined> {
    const { name, values } = session
    const existing = Session.rotationOf(session) ? undefined : session.id
    const id = existing ?? newId()
    const text = encodeMulti(recordName(name, id), values, this.#recordCodecs, context)
    const written = await storeOperation('update', () =>
      this.#put(id, utf8Bytes(text), context, existing),
    )
    if (!written) return undefined
    // After a rotation: the old id is dead before the response leaves.
    if (session.id !== undefined && session.id !== id) await this.erase(session.id)
    Session.assignId(session, id)
    return mark + encodeMulti(name, id, this.#idCodecs, { ...context, metadata: undefined })
  }

  /** Lets the record of a session go that fits its cookie again. */
  async release(id: string): Promise<void> {
    await storeOperation('touch', () => this.#backend.touch(keyOf(id), this.#now() + graceSeconds))
  }

  /** Removes the record at once. */
  async erase(id: string): Promise<void> {
    await storeOperation('delete', () => this.#backend.delete(keyOf(id)))
  }

  async #put(
    id: string,
    data: Uint8Array,
    context: EncodeContext,
    existing: string | undefined,
  ): Promise<boolean> {
    const key = keyOf(id)
    const { maxAge, idle } = context
    const expires = this.#now() + (maxAge ?? idle ?? this.#recordCodecs[0]?.maxAge ?? 86_400)
    if (existing === undefined) {
      return (await this.#backend.create(key, { data, expires })).status === 'created'
    }
    for (let tried = 0; tried < attempts; tried++) {
      const current = await this.#backend.load(key)
      if (!current) return false
      const { status } = await this.#backend.update(key, { data, expires }, current.version)
      if (status !== 'conflict') return status === 'updated'
    }
    throw new Error(`the record changed ${attempts} times while it was being written`)
  }
}

/** A record opens only under the id that it was kept for. */
function recordName(name: string, id: string): string {
  return `${name} ${id}`
}

function textOf({ data }: StoredRecord): string {
  return latin1Text(data, 0, data.length)
}
