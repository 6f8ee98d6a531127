/**
 * Every error this library throws, except the TypeError and RangeError of a wrong argument.
 *
 * No message, property or cause made here holds a key, a cookie value or session data.
 *
 * @module
 */

/**
 * What went wrong. `docs/errors.md` explains each code.
 */
export type ErrorCode = keyof typeof kinds

/** Where the cause lies: in the calling code, in the input, or in the environment. */
type ErrorKind = 'usage' | 'decode' | 'internal'

const kinds = {
  // The calling code: a wrong configuration, or a value that cannot be serialized.
  'hash-key-not-set': 'usage',
  'block-key-invalid': 'usage',
  'no-codecs': 'usage',
  'serialize-failed': 'usage',
  'value-too-long': 'usage',
  'cookie-too-large': 'usage',
  'invalid-name': 'usage',
  'store-mismatch': 'usage',
  'version-mismatch': 'usage',
  'headers-sent': 'usage',
  'headers-immutable': 'usage',
  'read-only': 'usage',
  'several-cookies': 'usage',
  'gob-unsupported': 'usage',
  'not-kept': 'usage',
  'session-destroyed': 'usage',
  'too-many-sessions': 'usage',
  'schema-mismatch': 'internal',
  // The input: whatever a client sends causes errors of this kind only.
  'text-too-long': 'decode',
  'base64-invalid': 'decode',
  'mac-invalid': 'decode',
  'key-unknown': 'decode',
  'timestamp-invalid': 'decode',
  'timestamp-too-new': 'decode',
  'timestamp-expired': 'decode',
  'decryption-failed': 'decode',
  'deserialize-failed': 'decode',
  'gob-invalid': 'decode',
  'cross-origin': 'decode',
  'csrf-token-invalid': 'decode',
  'login-required': 'decode',
  'login-too-old': 'decode',
  // The environment: disk, network, another process.
  conflict: 'internal',
  'session-ended': 'internal',
  locked: 'internal',
  'keys-not-loaded': 'internal',
  'store-failed': 'internal',
} as const satisfies Record<string, ErrorKind>

/** Marks the errors of all copies of the library in this process, so that each copy recognizes those of other copies. */
const mark: unique symbol = Symbol.for('silverback.SessionError')

/** All error codes, in the order of `docs/errors.md`. */
export const errorCodes: readonly ErrorCode[] = Object.keys(kinds) as ErrorCode[]

/**
 * The base of all errors of this library. `code` is stable; the message is for people.
 *
 * `isUsage`, `isDecode` and `isInternal` mean the same as in Go's `securecookie.Error`.
 */
export class SessionError extends Error {
  override readonly name: string = 'SessionError'
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }

  /** `instanceof` is true for the errors of another copy of the library, too. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    // biome-ignore lint/complexity/noThisInStatic: derived classes inherit this method
    return this === SessionError ? mark in Object(value) : super[Symbol.hasInstance](value)
  }

  /** @internal */
  get [mark](): true {
    return true
  }

  /** The calling code is wrong: a missing key, or a value that the serializer does not support. */
  get isUsage(): boolean {
    return kinds[this.code] === 'usage'
  }

  /** The cookie value is not one of ours, is too old, or was tampered with. */
  get isDecode(): boolean {
    return kinds[this.code] === 'decode'
  }

  /** Something outside failed: a disk, a network, the random number generator. */
  get isInternal(): boolean {
    return kinds[this.code] === 'internal'
  }
}

/** A key of a session, and its share of the cookie. */
export interface KeySize {
  readonly key: string
  /** Bytes in the cookie, encoded. */
  readonly bytes: number
}

/** The code `cookie-too-large`: a session does not fit into its cookies. No cookie was set. */
export class CookieTooLargeError extends SessionError {
  override readonly name: string = 'CookieTooLargeError'
  /** The size of the session in bytes: names and values of its cookies. */
  readonly bytes: number
  /** The limit in bytes. */
  readonly limit: number
  /** The largest keys, in descending order of size. */
  readonly largest: readonly KeySize[]

  constructor(session: string, bytes: number, limit: number, largest: readonly KeySize[]) {
    const keys = largest.map(({ key, bytes }) => `${JSON.stringify(key)} ${bytes}`).join(', ')
    super(
      'cookie-too-large',
      `session "${session}" needs ${bytes} bytes of cookies, and the limit is ${limit}; its largest keys: ${keys}`,
    )
    this.bytes = bytes
    this.limit = limit
    this.largest = largest
  }

  /** `instanceof` is true for the errors of another copy of the library, too. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    // biome-ignore lint/complexity/noThisInStatic: derived classes inherit this method
    if (this !== CookieTooLargeError) return super[Symbol.hasInstance](value)
    return value instanceof SessionError && value.name === 'CookieTooLargeError'
  }
}

/**
 * A request that is refused: `login-required`, `login-too-old`, `csrf-token-invalid` or `cross-origin`. The error
 * handlers of the frameworks respond with its status.
 */
export class RefusedError extends SessionError {
  override readonly name: string = 'RefusedError'
  /** The status of the response: 401 or 403. */
  readonly status: 401 | 403
  /** The same status, under the name that Fastify and h3 read. */
  readonly statusCode: 401 | 403
  /** For Koa: the client may see the message, and the refusal is not logged as a failure of the server. */
  readonly expose = true

  constructor(code: ErrorCode, status: 401 | 403, message: string) {
    super(code, message)
    this.status = status
    this.statusCode = status
  }
}

/**
 * Several failures of one call: of every codec of a rotation, or of several sessions saved at once.
 * The message is that of the first failure and the number of further ones, as in Go's `MultiError`.
 */
export class MultiError extends AggregateError {
  override readonly name: string = 'MultiError'
  declare errors: Error[]

  constructor(errors: readonly Error[]) {
    super(errors, summary(errors))
  }

  /** `instanceof` is true for the errors of another copy of the library, too. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    // biome-ignore lint/complexity/noThisInStatic: derived classes inherit this method
    if (this !== MultiError) return super[Symbol.hasInstance](value)
    // Without a symbol as the mark, bundlers can drop the class where it is not used.
    return value instanceof AggregateError && value.name === 'MultiError' && 'isDecode' in value
  }

  /** True when any of the failures is a usage error. */
  get isUsage(): boolean {
    return this.errors.some(error => hasKind(error) && error.isUsage)
  }

  /** True when any of the failures is a decode error. */
  get isDecode(): boolean {
    return this.errors.some(error => hasKind(error) && error.isDecode)
  }

  /** True when any of the failures is an internal error. */
  get isInternal(): boolean {
    return this.errors.some(error => hasKind(error) && error.isInternal)
  }
}

function hasKind(error: Error): error is SessionError | MultiError {
  return error instanceof SessionError || error instanceof MultiError
}

function summary(errors: readonly Error[]): string {
  const first = errors[0]
  if (first === undefined) return '(0 errors)'
  const others = errors.length - 1
  if (others === 0) return first.message
  return `${first.message} (and ${others} other error${others === 1 ? '' : 's'})`
}
