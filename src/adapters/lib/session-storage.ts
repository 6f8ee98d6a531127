/**
 * The `SessionStorage` interface of React Router and Remix, on top of a session source.
 *
 * @module
 */

import { SessionError } from '../../errors.ts'
import type { Options } from '../../http/cookie-options.ts'
import type { RequestLike } from '../../http/request.ts'
import { describeKind } from '../../lib/describe.ts'
import { setOwn } from '../../lib/plain-object.ts'
import type { Session, Values } from '../../session/session.ts'
import { type SessionSource, sessionFrom } from '../../session/session-source.ts'
import { assertCookies, assertSource } from './request-sessions.ts'

/** React Router's key for a flash value, which is read once. */
type FlashKey<Name extends string> = `__flash_${Name}__`

/** React Router's type for the data of a session. */
export type StorageData<Data, FlashData> = Partial<
  Data & { [Name in keyof FlashData as FlashKey<Name & string>]: FlashData[Name] }
>

/** A session of React Router's `SessionStorage`. */
export interface StorageSessionLike<Data, FlashData = Data> {
  /** Empty before the first commit, and for sessions in cookies. */
  readonly id: string
  readonly data: StorageData<Data, FlashData>
  has(name: (keyof Data | keyof FlashData) & string): boolean
  /** Returns a value. A value set by `flash` is removed; the removal takes effect when the session is committed. */
  get<Name extends (keyof Data | keyof FlashData) & string>(
    name: Name,
  ):
    | (Name extends keyof Data ? Data[Name] : undefined)
    | (Name extends keyof FlashData ? FlashData[Name] : undefined)
    | undefined
  set<Name extends keyof Data & string>(name: Name, value: Data[Name]): void
  /** Sets a value that the next `get` removes. */
  flash<Name extends keyof FlashData & string>(name: Name, value: FlashData[Name]): void
  unset(name: keyof Data & string): void
}

/** A storage session with access to the underlying session. */
export interface StorageSession<Data extends object, FlashData = Data>
  extends StorageSessionLike<Data, FlashData> {
  /** The underlying session, with `login`, `rotate`, `remember`, `owner` and flash messages. */
  readonly native: Session<Data>
}

/** Cookie attributes for this commit, which override those of the session. */
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
  /** Loads the session from a `Cookie` header. Each call loads it again. Rejects if the store fails. */
  getSession(cookieHeader?: string | null): Promise<StorageSession<Data, FlashData>>
  /**
   * Saves the session and resolves with the value for a `Set-Cookie` header. The value is empty, and browsers
   * ignore it, if the session has not changed or has ended.
   *
   * Rejects like `session.save`; with a SessionError `several-cookies` if the session needs more than one
   * cookie; and with a TypeError for unsupported options or a session of another storage.
   */
  commitSession(
    session: StorageSessionLike<Data, FlashData>,
    options?: CommitOptions,
  ): Promise<string>
  /** Destroys the session. Resolves and rejects like `commitSession`. */
  destroySession(
    session: StorageSessionLike<Data, FlashData>,
    options?: CommitOptions,
  ): Promise<string>
}

/**
 * Makes a `SessionStorage` for apps that call `getSession`, `commitSession` and `destroySession` in loaders
 * and actions.
 *
 * The interface has no method for rotation. Call `session.native.login(user)` to give the session a new id.
 *
 * Throws a TypeError for an invalid source, and for a store that carries sessions in a header.
 */
export function toSessionStorage<Data extends object = Values, FlashData = Data>(
  source: SessionSource<Data>,
): SessionStorage<Data, FlashData> {
  assertSource(source)
  assertCookies(source, 'toSessionStorage')

  async function save(session: object, options: CommitOptions, end = false): Promise<string> {
    const { native, request } = unwrap(session)
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
      return new StorageSessionWrapper<Data, FlashData>(native, request)
    },
    commitSession: (session, options = {}) => save(session, options),
    destroySession: (session, options = {}) => save(session, options, true),
  }
}

class StorageSessionWrapper<Data extends object, FlashData>
  implements StorageSession<Data, FlashData>
{
  readonly native: Session<Data>
  readonly #request: RequestLike

  constructor(native: Session<Data>, request: RequestLike) {
    this.native = native
    this.#request = request
  }

  static requestOf(session: object): RequestLike | undefined {
    return #request in session
      ? (session as StorageSessionWrapper<object, unknown>).#request
      : undefined
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
    // An assignment would not work for the name `__proto__`.
    setOwn(this.native.values, name, value)
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

function unwrap(session: object): { native: Session<object>; request: RequestLike } {
  const request = StorageSessionWrapper.requestOf(Object(session))
  if (request)
    return { native: (session as StorageSessionWrapper<object, unknown>).native, request }
  throw new TypeError(`session must be the result of getSession, not ${describeKind(session)}`)
}

/** Converts the options to ours. In React Router, `sameSite: true` means `'strict'`. */
function attributesOf({ expires, sameSite, ...options }: CommitOptions): Options {
  const maxAge = options.maxAge ?? (expires && Math.ceil((expires.getTime() - Date.now()) / 1000))
  const sameSiteValue = sameSite === true ? 'strict' : sameSite || undefined
  const given = Object.entries({ ...options, maxAge, sameSite: sameSiteValue })
  return Object.fromEntries(given.filter(([, value]) => value !== undefined))
}

function severalCookies(name: string): SessionError {
  return new SessionError(
    'several-cookies',
    `session "${name}" needs several cookies, but a SessionStorage can set only one; use the middleware`,
  )
}
