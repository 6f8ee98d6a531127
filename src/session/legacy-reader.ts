/**
 * The interface of readers for other libraries' sessions, which keep visitors logged in during a migration.
 *
 * @module
 */

import type { Values } from './session.ts'

/**
 * Reads the sessions that another library keeps in cookies. A store with `legacyReaders: [reader]` calls
 * it when the request has no session of the store's own. The next save writes the session in the store's
 * format and deletes the other library's cookies.
 */
export interface Reader {
  /** The names of the cookies that hold the session called `name`. */
  cookieNames(name: string): readonly string[]

  /**
   * Returns the session's values, or undefined if there is no session, or none that is authentic and
   * unexpired. Throws or rejects only when a backend fails, never because of what the client sent.
   *
   * @param cookie - returns the value of the request's first cookie with a given name, exactly as sent
   */
  read(
    name: string,
    cookie: (name: string) => string | undefined,
  ): Values | undefined | Promise<Values | undefined>
}
