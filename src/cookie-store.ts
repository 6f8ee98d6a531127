/**
 * Sessions that travel in their cookie.
 *
 * @module
 */

import { encodeMulti } from './codec/codec.ts'
import { CodecStore, type CodecStoreOptions, openText } from './codec-store.ts'
import { newCookie } from './http/cookie.ts'
import { type RequestLike, readCookies } from './http/request.ts'
import {
  assertWritable,
  forbidCaching,
  type ResponseLike,
  setCookie,
  varyOnCookie,
} from './http/response.ts'
import { isDeletion } from './options.ts'
import type { Session, Values } from './session.ts'

/** Keeps the values of sessions in their cookies: nothing is stored on the server. */
export class CookieStore extends CodecStore {
  /** Throws TypeError or RangeError for wrong options. */
  constructor(options: CodecStoreOptions) {
    super(options, 'session')
  }

  async new<T extends object = Values>(request: RequestLike, name: string): Promise<Session<T>> {
    // Of several cookies of one name the first counts, as in Go.
    const [text] = readCookies(request, name)
    if (text === undefined) return this.begin(name, 'no-cookie')
    const result = openText(name, text, this.codecs)
    return 'reason' in result ? this.begin(name, result.reason) : this.resume(name, result.opened)
  }

  async save(
    _request: RequestLike,
    response: ResponseLike,
    session: Session<object>,
  ): Promise<void> {
    assertWritable(response)
    varyOnCookie(response)
    if (this.isUnchanged(session)) return
    const { name, options, values } = session
    const text = isDeletion(options)
      ? ''
      : encodeMulti(name, values, this.codecs, this.contextOf(session))
    setCookie(response, newCookie(name, text, options))
    forbidCaching(response)
  }
}
