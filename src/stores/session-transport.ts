/**
 * How the value of a session is sent between the client and a store: in a cookie or in a header.
 *
 * @module
 */

import type { Cookie } from '../http/cookie.ts'
import type { Options } from '../http/cookie-options.ts'
import type { RequestLike } from '../http/request.ts'
import type { ResponseHeaders } from '../http/response.ts'
import type { State } from '../session/state.ts'

/** A session, as far as a transport has to know it. */
export interface Named {
  readonly name: string
  readonly options: Options
}

/** Finds the values of sessions in requests, and sets them on responses. */
export interface SessionTransport {
  /** Returns the values for the session called `name`, in the order in which they are tried. */
  read(request: RequestLike, name: string): readonly string[]
  /**
   * Declares that the response depends on the session. Called before anything is written; throws if the
   * response cannot be changed.
   */
  vary(headers: ResponseHeaders): void
  /** Throws a TypeError or RangeError if clients would reject the session's value for its name or options. */
  assertOptions(session: Named): void
  /** Makes what carries a value. */
  make(name: string, text: string, state: State<object>): readonly Cookie[]
  /** Makes what removes the session's value from the client. */
  deletion(name: string, options: Options): Cookie
  /** Sets what {@link make} or {@link deletion} has made, and extra cookies. */
  set(
    request: RequestLike,
    headers: ResponseHeaders,
    session: Named,
    cookies: readonly Cookie[],
    extra: readonly Cookie[],
  ): void
}
