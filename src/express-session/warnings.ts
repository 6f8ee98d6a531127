/**
 * Process warnings about settings that work but should be changed.
 *
 * @module
 */

const emitted = new Set<string>()

/**
 * Warns once that a secret is too short.
 *
 * @param bytes - the length that a secret should have
 */
export function warnOfShortSecret(bytes: number): void {
  warnOnce(
    'SILVERBACK_SHORT_SECRET',
    `a session secret has fewer than ${bytes} bytes and can be guessed; pass a list that starts with a new ` +
      `secret of ${bytes} random bytes, and remove the old one once its cookies have expired`,
  )
}

/** Warns once that a `secure` cookie was not set because the connection is not HTTPS. */
export function warnOfPlainConnection(): void {
  warnOnce(
    'SILVERBACK_PLAIN_CONNECTION',
    'a session cookie was not set because it is `secure` and the connection is not HTTPS; behind a proxy, ' +
      "set Express's `trust proxy` or the option proxy: true",
  )
}

/** Warns once that `request.session` was read where the middleware does not set it. */
export function warnOfOtherPath(asked: string, path: string): void {
  warnOnce(
    'SILVERBACK_OTHER_PATH',
    `request.session was read at ${asked}, but is not set there, because the cookie's path is ${path}; ` +
      'set cookie.path to the path that the app receives, or to /: a proxy may have stripped a prefix',
  )
}

/**
 * Warns that changes made after the response was sent could not be saved. It is too late for an error
 * handler.
 */
export function warnOfLateFailure(error: unknown): void {
  process.emitWarning(
    `changes to a session after its response was sent could not be saved: ${messageOf(error)}`,
    {
      type: 'SilverbackWarning',
      code: 'SILVERBACK_LATE_CHANGE',
    },
  )
}

/** Never throws: an error here would end the process. */
function messageOf(error: unknown): string {
  try {
    return String(error instanceof Error ? error.message : error)
  } catch {
    return 'unknown error'
  }
}

function warnOnce(code: string, message: string): void {
  if (emitted.has(code)) return
  emitted.add(code)
  process.emitWarning(message, { type: 'SilverbackWarning', code })
}
