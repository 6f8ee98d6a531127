/**
 * A store for express-session that keeps its sessions in a backend.
 *
 * @module
 */

import { encodeBase64Url, utf8Bytes } from '#bytes'
import { sha256 } from '#crypto'
import type { Backend, NewRecord, StoredRecord, Version } from '../backend.ts'
import { wholeNumber } from '../checks.ts'
import { unixSeconds } from '../clock.ts'

/** How long, and when. */
export interface ToExpressStoreOptions {
  /** Seconds that a session is kept whose cookie has no end. Default 24 hours. */
  ttl?: number
  /** The clock: Unix time in seconds. */
  now?: () => number
}

type Callback = (error?: unknown) => void

/** What is looked at of a session, as it is used and as it is kept. */
interface ExpressSession {
  cookie: { expires?: Date | string | null }
}

/** What is overridden of express-session's class `Store`. */
interface BaseStore {
  createSession(request: unknown, kept: object): object
}

/** The record that a session was read from, or written to. */
interface Source {
  readonly id: string
  readonly version: Version
}

/** Tries to write against others who write the same session. */
const attempts = 20

/**
 * A store to give to express-session, of its own kind.
 *
 * The later save counts, as with every such store. But a session that was destroyed while a request
 * used it stays so: saving it then does nothing.
 *
 * @param Store - express-session's class `Store`
 * @throws RangeError for a `ttl` that is no positive whole number
 */
export function toExpressStore<S extends object>(
  Store: abstract new () => S,
  backend: Backend,
  options: ToExpressStoreOptions = {},
): S {
  const ttl = wholeNumber('ttl', options.ttl ?? 86_400)
  const now = options.now ?? unixSeconds

  class BackendStore extends (Store as unknown as new () => BaseStore) {
    readonly #sources = new WeakMap<object, Source>()

    get(sid: string, callback: (error: unknown, session?: object | null) => void): void {
      answer(this.#load(idOf(sid)), callback)
    }

    set(sid: string, session: ExpressSession, callback?: Callback): void {
      answer(this.#save(idOf(sid), session), callback)
    }

    touch(sid: string, session: ExpressSession, callback?: Callback): void {
      answer(backend.touch(idOf(sid), expiresOf(session)), callback)
    }

    destroy(sid: string, callback?: Callback): void {
      answer(backend.delete(idOf(sid)), callback)
    }

    /** Makes the session of a request out of what `get` answered. */
    override createSession(request: unknown, kept: object): object {
      const session = super.createSession(request, kept)
      const source = this.#sources.get(kept)
      if (source) this.#sources.set(session, source)
      return session
    }

    async #load(id: string): Promise<object | null> {
      const record = await backend.load(id)
      if (!record) return null
      const session = sessionIn(record)
      this.#sources.set(session, { id, version: record.version })
      return session
    }

    async #save(id: string, session: ExpressSession): Promise<void> {
      const record: NewRecord = {
        data: utf8Bytes(JSON.stringify(session)),
        expires: expiresOf(session),
      }
      const source = this.#sources.get(session)
      const known = source?.id === id ? source.version : undefined
      const version = await write(backend, id, record, known)
      // Plain objects, which others than express-session pass, say nothing of an earlier save.
      if (version !== undefined && 'req' in session) this.#sources.set(session, { id, version })
    }
  }

  function expiresOf({ cookie }: ExpressSession): number {
    const milliseconds = cookie.expires ? new Date(cookie.expires).getTime() : Number.NaN
    return Number.isNaN(milliseconds) ? now() + ttl : Math.ceil(milliseconds / 1000)
  }

  return new BackendStore() as unknown as S
}

/**
 * Writes over whatever is there. A record that was `known` and is gone is not made again: then the
 * answer is undefined, otherwise the new version.
 */
async function write(
  backend: Backend,
  id: string,
  record: NewRecord,
  known: Version | undefined,
): Promise<Version | undefined> {
  let version = known
  for (let attempt = 0; attempt < attempts; attempt++) {
    const result =
      version === undefined
        ? await backend.create(id, record)
        : await backend.update(id, record, version)
    if (result.status === 'created' || result.status === 'updated') return result.version
    if (result.status === 'gone' && known !== undefined) return undefined
    if (result.status === 'conflict') version = result.current.version
    else version = (await backend.load(id))?.version
  }
  throw new Error(`the session was written by others ${attempts} times meanwhile`)
}

/** Ids of any characters and length fit, and who reads the records finds no id to use. */
function idOf(sid: string): string {
  return encodeBase64Url(sha256(utf8Bytes(sid)))
}

/** The session as it was kept, with the moment that `touch` may have moved. */
function sessionIn(record: StoredRecord): ExpressSession {
  const session = parse(record.data)
  if (!session?.cookie) throw new Error('the record holds no session of express-session')
  if (session.cookie.expires) session.cookie.expires = new Date(record.expires * 1000)
  return session
}

function parse(data: Uint8Array): ExpressSession | null | undefined {
  try {
    return JSON.parse(new TextDecoder().decode(data))
  } catch {
    // Node's message would quote the data.
    return undefined
  }
}

/** Calls back when the promise settles, outside of it: what the callback throws is the caller's. */
function answer<T>(
  promise: Promise<T>,
  callback: (error: unknown, value?: T) => void = () => {},
): void {
  promise.then(
    value => queueMicrotask(() => callback(null, value)),
    error => queueMicrotask(() => callback(error)),
  )
}
