/**
 * Carrying sessions in a header instead of cookies.
 *
 * @module
 */

import type { Cookie } from '../http/cookie.ts'
import type { RequestLike } from '../http/request.ts'
import type { ResponseHeaders } from '../http/response.ts'
import { readSessionHeader, setSessionHeader } from '../http/session-header.ts'
import type { Named, SessionTransport } from './session-transport.ts'

const none: readonly string[] = []
const noAttributes: Cookie['attributes'] = {}

/** Reads and sets a header of its own. Cookie attributes have no meaning there. */
export class SessionHeaders implements SessionTransport {
  readonly #header: string

  /** @param header - the name of the header, in lower case */
  constructor(header: string) {
    this.#header = header
  }

  read(request: RequestLike, name: string): readonly string[] {
    const value = readSessionHeader(request, this.#header, name)
    return value === undefined ? none : [value]
  }

  vary(headers: ResponseHeaders): void {
    headers.vary(this.#header)
  }

  assertOptions(): void {}

  make(name: string, value: string): readonly Cookie[] {
    return [{ name, value, attributes: noAttributes }]
  }

  deletion(name: string): Cookie {
    return { name, value: '', attributes: noAttributes }
  }

  set(
    _request: RequestLike,
    headers: ResponseHeaders,
    _session: Named,
    values: readonly Cookie[],
  ): void {
    if (values.length === 0) return
    for (const value of values) setSessionHeader(headers, this.#header, value)
    headers.forbidCaching()
  }
}
