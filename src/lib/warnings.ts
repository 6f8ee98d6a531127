/**
 * Warnings about mistakes that do not fail a request.
 *
 * @module
 */

/** The codes of warnings, listed in docs/errors.md. */
export type WarningCode =
  | 'SESSION_SECURE_OVER_HTTP'
  | 'SESSION_REDEFINED'
  | 'SESSION_SAVED_LATE'
  | 'SESSION_NOT_SAVED'
  | 'SESSION_CHANGED_LATE'
  | 'SESSION_STRAY_PROPERTY'
  | 'SESSION_RAW_REQUEST'
  | 'SESSION_LAZY'
  | 'SESSION_DOMAIN_MISMATCH'
  | 'SESSION_PATH_MISMATCH'
  | 'SESSION_COOKIE_ON_304'
  | 'SESSION_LEGACY_TOO_LARGE'

/** The subset of the host's globals that is used. */
interface Host {
  readonly process?: {
    readonly env?: Readonly<Record<string, string | undefined>>
    readonly versions?: { readonly node?: string | undefined }
    emitWarning?(message: string, options: object): void
  }
  readonly navigator?: { readonly userAgent?: string }
}

const emitted = new Set<WarningCode>()

/** Emits a process warning; on the console where there is no process. */
export function warn(code: WarningCode, message: string): void {
  const { process } = globalThis as Host
  if (process?.emitWarning) process.emitWarning(message, { type: 'SessionWarning', code })
  else console.warn(`SessionWarning: ${message}`)
}

/** {@link warn}, but once for each code. */
export function warnOnce(code: WarningCode, message: string): void {
  if (emitted.has(code)) return
  emitted.add(code)
  warn(code, message)
}

/** True if NODE_ENV is `development`. */
export function isDevelopment(): boolean {
  return (globalThis as Host).process?.env?.NODE_ENV === 'development'
}

let hints: boolean | undefined

/**
 * Whether to look for mistakes that fail no request: in development. As in Express and Koa, that is also the case
 * without NODE_ENV, but not in a test runner, whose short requests would often be mistakes in an application.
 *
 * Read once, at the first request: reading the environment is slow, and apps load it from a file at their start.
 */
export function givesHints(): boolean {
  hints ??= isDevelopment() || isUnset(globalThis as Host)
  return hints
}

/** Variables that test runners set in their processes: Node's, Vitest and Jest. */
const testRunners = ['NODE_TEST_CONTEXT', 'VITEST', 'JEST_WORKER_ID']

function isUnset({ process, navigator }: Host): boolean {
  // Workers have `process.env`, but no NODE_ENV in production either.
  if (!process?.versions?.node || navigator?.userAgent === 'Cloudflare-Workers') return false
  const { env } = process
  return env !== undefined && !env.NODE_ENV && !testRunners.some(name => env[name])
}

/**
 * Runs a check after the request, when late changes have been made. It does not keep the process running.
 *
 * @param delay - in milliseconds
 */
export function afterwards(check: () => void, delay = 1000): void {
  const timer = setTimeout(check, delay) as { unref?(): void }
  timer.unref?.()
}
