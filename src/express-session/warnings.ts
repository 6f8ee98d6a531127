/**
 * What an app is told once: it works, and should not stay so.
 *
 * @module
 */

const told = new Set<string>()

/** @param bytes - how many a secret should have */
export function warnOfShortSecret(bytes: number): void {
  warnOnce(
    'SILVERBACK_SHORT_SECRET',
    `a session secret of fewer than ${bytes} bytes can be guessed; put ${bytes} random bytes in front of ` +
      'it in a list, and take the old one away when nobody has its cookie any more',
  )
}

/** A cookie that is `secure` was not set. */
export function warnOfPlainConnection(): void {
  warnOnce(
    'SILVERBACK_PLAIN_CONNECTION',
    'a session cookie is `secure` and the connection is not, so it was not set; behind a proxy set ' +
      "Express's `trust proxy`, or the option proxy: true",
  )
}

/** What was changed after the response was sent cannot be saved, and no error handler can answer for it. */
export function warnOfLateFailure(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error)
  process.emitWarning(`a session that changed after its response was not saved: ${message}`, {
    type: 'SilverbackWarning',
    code: 'SILVERBACK_LATE_CHANGE',
  })
}

function warnOnce(code: string, message: string): void {
  if (told.has(code)) return
  told.add(code)
  process.emitWarning(message, { type: 'SilverbackWarning', code })
}
