/**
 * What reads the sessions of other libraries, so that a change of library logs nobody out.
 *
 * @module
 */

import type { Values } from './session.ts'

/**
 * Reads what another library keeps in cookies. A store with `legacyReaders: [reader]` asks it when it
 * finds no session of its own; what it finds is written in the store's own form at the next save,
 * and the other library's cookies are deleted.
 */
export interface Reader {
  /**
   * The names of the cookies that it reads for a session of this name.
   */
  cookieNames(name: string): readonly string[]

  /**
   * The values of the session; undefined when there is none, or none that is authentic and alive.
   * Throws or rejects only when a place on the server fails, never because of what was sent.
   *
   * @param cookie - the value of the request's first cookie of a name, exactly as sent
   */
  read(
    name: string,
    cookie: (name: string) => string | undefined,
  ): Values | undefined | Promise<Values | undefined>
}
