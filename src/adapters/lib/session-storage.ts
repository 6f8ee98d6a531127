/**
 * The `SessionStorage` of React Router and Remix, over a store of ours.
 *
 * @module
 */

import { SessionError } from '../../errors.ts'
import type { Options } from '../../http/cookie-options.ts'
import type { RequestLike } from '../../http/request.ts'
import { describeKind } from '../../lib/describe.ts'
import type { Session, Values } from '../../session/session.ts'
import { type SessionSource, sessionFrom } from '../../session/session-source.ts'
import { assertSource } from './request-sessions.ts'

/** The key under which React Router keeps a value that is read once. */
type FlashKey<Name extends string> = `__flash_${Name}__`

/** What React Router calls the data of a session. */
export type StorageData<Data, FlashData> = Partial<
  Data & { [Name in keyof FlashData as FlashKey<Name & string>]: FlashData[Name] }
>

/** A session as React Router's `SessionStorage` has it. */
export interface StorageSessionLike<Data, FlashData = Data> {
  /** Empty before the first commit, and for sessions in cookies. */
  readonly id: string
  readonly data: StorageData<Data, FlashData>
  has(name: (keyof Data | keyof FlashData) & string): boolean
  /** The value. One of `flash` is forgotten with that, as far as the session is committed. */
  get<Name extends (keyof Data | keyof FlashData) & string>(
    name: Name,
  ):
    | (Name extends keyof Data ? Data[Name] : undefined)
    | (Name extends keyof FlashData ? FlashData[Name] : undefined)
    | undefined
  set<Name extends keyof Data & string>(name: Name, value: Data[Name]): void
  /** Sets a value for the next `get` alone. */
  flash<Name extends keyof FlashData & string>(name: Name, value: FlashData[Name]): void
  unset(name: keyof Data & string): void
}

/** The same, and the session behind it. */
export interface StorageSession<Data extends object, FlashData = Data>
  extends StorageSessionLike<Data, FlashData> {
  /** For what React Router has no word for: `login`, `rotate`, `remember`, `owner`, flash messages. */
  readonly native: Session<Data>
}

/** Attributes for one cookie, on top of those of the session. */
export interface CommitOptions {
  readonly path?: string | undefined
  readonly domain?: string | undefined
  /** Seconds. */
  readonly maxAge?: number | undefined
  readonly expires?: Date | undefined
  readonly secure?: boolean | undefined
  readonly httpOnly?: boolean | undefined
  readonly sameSite?: boolean | 'strict' | 'lax' | 'none' | undefined
  readonly partitioned?: boolean | undefined
}

/** React Router's `SessionStorage`. */
export interface SessionStorage<Data extends object, FlashData = Data> {
  /** The session of a `Cookie` header: read anew at each call. Rejects as {@link Store.get}. */
  getSession(cookieHeader?: string | null): Promise<StorageSession<Data, FlashData>>
  /**
   * Saves the session. Answers the line for `Set-Cookie`; an empty one, which browsers ignore, when there
   * is none to set: nothing has changed, or the session has ended meanwhile.
   *
   * Rejects as `session.save`, with a SessionError `several-cookies` when one line is not enough, and with a
   * TypeError for options that our cookies do not have, or a session of another storage.
   */
  commitSession(
    session: StorageSessionLike<Data, FlashData>,
    options?: CommitOptions,
  ): Promise<string>
  /** Ends the session. Answers and rejects as `commitSession`. */
  destroySession(
    session: StorageSessionLike<Data, FlashData>,
    options?: CommitOptions,
  ): Promise<string>
}

/**
 * A `SessionStorage` for apps that call `getSession`, `commitSession` and `destroySession` in loaders and
 * actions.
 *
 * Its interface has no rotation: `session.native.login(user)` gives the session a new id.
 *
 * Throws a TypeError for a wrong source.
 */
export function toSessionStorage<Data extends object = Values, FlashData = Data>(
  source: SessionSource<Data>,
): SessionStorage<Data, FlashData> {
  assertSource(source)

  async function save(session: object, options: CommitOptions, end = false): Promise<string> {
    const { native, request } = behind(session)
    Object.assign(native.options, attributesOf(options))
    if (end) native.destroy()
    const headers = new Headers()
    await source.store.save(request, headers, native)
    const [line = '', ...others] = headers.getSetCookie()
    if (others.length > 0) throw severalCookies(native.name)
    return line
  }

  return {
    async getSession(cookieHeader) {
      const request = { headers: new Headers(cookieHeader ? { cookie: cookieHeader } : {}) }
      const native = (await sessionFrom(source, request)) as Session<Data>
      return new Wrapped<Data, FlashData>(native, request)
    },
    commitSession: (session, options = {}) => save(session, options),
    destroySession: (session, options = {}) => save(session, options, true),
  }
}

class Wrapped<Data extends object, FlashData> implements StorageSession<Data, FlashData> {
  readonly native: Session<Data>
  readonly #request: RequestLike

  constructor(native: Session<Data>, request: RequestLike) {
    this.native = native
    this.#request = request
  }

  static requestOf(session: object): RequestLike | undefined {
    return #request in session ? (session as Wrapped<object, unknown>).#request : undefined
  }

  get id(): string {
    return this.native.id ?? ''
  }

  get data(): StorageData<Data, FlashData> {
    return this.native.values as StorageData<Data, FlashData>
  }

  has(name: string): boolean {
    return this.#has(name) || this.#has(flashKey(name))
  }

  get(name: string): never {
    const values = this.native.values as Record<string, unknown>
    if (this.#has(name)) return values[name] as never
    const key = flashKey(name)
    const message = this.#has(key) ? values[key] : undefined
    this.#delete(key)
    return message as never
  }

  set(name: string, value: unknown): void {
    // Not an assignment: the name may be any string, `__proto__` included.
    Object.defineProperty(this.native.values, name, {
      value,
      configurable: true,
      enumerable: true,
      writable: true,
    })
  }

  flash(name: string, value: unknown): void {
    this.set(flashKey(name), value)
  }

  unset(name: string): void {
    this.#delete(name)
  }

  #has(key: string): boolean {
    return Object.hasOwn(this.native.values, key)
  }

  #delete(key: string): void {
    if (this.#has(key)) Reflect.deleteProperty(this.native.values, key)
  }
}

const flashKey = (name: string): string => `__flash_${name}__`

function behind(session: object): { native: Session<object>; request: RequestLike } {
  const request = Wrapped.requestOf(Object(session))
  if (request) return { native: (session as Wrapped<object, unknown>).native, request }
  throw new TypeError(`session must come from getSession, which ${describeKind(session)} does not`)
}

/** Attributes as sessions have them. `sameSite: true` is strict, as React Router has it. */
function attributesOf({ expires, sameSite, ...options }: CommitOptions): Options {
  const maxAge = options.maxAge ?? (expires && Math.ceil((expires.getTime() - Date.now()) / 1000))
  const strictness = sameSite === true ? 'strict' : sameSite || undefined
  const given = Object.entries({ ...options, maxAge, sameSite: strictness })
  return Object.fromEntries(given.filter(([, value]) => value !== undefined))
}

function severalCookies(name: string): SessionError {
  return new SessionError(
    'several-cookies',
    `session "${name}" needs several cookies, and a SessionStorage can set one; use the middleware`,
  )
}
