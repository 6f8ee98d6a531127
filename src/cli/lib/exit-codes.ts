/**
 * The exit codes of the command line and the errors that lead to them.
 *
 * @module
 */

/** The exit codes. They are documented in docs/cli/README.md. */
export const exitCodes = {
  /** The command did its work and found nothing wrong. */
  ok: 0,
  /** The command did its work and found a problem, such as an invalid cookie. */
  problem: 1,
  /** The arguments are wrong. Nothing was done. */
  usage: 2,
  /** The command could not finish: a server, a file or a client library is missing or failed. */
  failed: 3,
  /** Interrupted with Ctrl-C: 128 and the number of SIGINT, as shells report it. */
  interrupted: 130,
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** Wrong arguments. The message names the argument and the fix. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** A command that could not finish. The message says what failed and what to do. */
export class FailedError extends Error {
  override readonly name = 'FailedError'
}
