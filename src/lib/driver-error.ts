/**
 * Errors of drivers without the data that was sent to the server.
 *
 * Drivers attach the command to its error: ioredis its arguments, mysql2 and mariadb the statement, postgres
 * its parameters, `pg` the row, the AWS SDK the response. Those hold ids, owners and session data, which
 * must not reach a log.
 *
 * @module
 */

/** Properties that describe a failure and never hold data. They are kept if they are primitive. */
const kept: ReadonlySet<unknown> = new Set([
  ...['name', 'message', 'stack', 'code', 'errno', 'syscall', 'address', 'port', 'fatal', 'status'],
  ...[
    'sqlState',
    'severity',
    'routine',
    'schema',
    'table',
    'constraint',
    'schema_name',
    'table_name',
  ],
  ...['constraint_name', 'severity_local', 'file', 'line', 'position', 'dataType', 'length'],
  ...['errcode', 'errstr', 'rawCode', 'codeName', 'ok', '$fault', 'statusCode', 'generatedMessage'],
])

/** Parts of messages in which servers and drivers quote a command. */
const quotes: readonly RegExp[] = [
  /\r?\n?sql: .*$/s,
  / - parameters: ?\[.*$/s,
  /, with args beginning with:.*$/s,
  // A key or an owner, as a ServerStore writes them.
  /(?<![\w-])[\w-]{43}(?![\w-])/g,
]

/** How deep causes and errors of an AggregateError are followed. */
const maxDepth = 5

/**
 * Returns the error without what was sent to the server: itself if it holds nothing of the kind, otherwise a
 * copy with its class, message, stack and codes.
 *
 * @param sent - the values that were sent. The message and the stack do not show those of 8 characters or more.
 */
export function withoutInput(
  error: unknown,
  sent: readonly unknown[] = [],
  depth = maxDepth,
): unknown {
  if (!isError(error)) {
    const isData = typeof error === 'string' || typeof error === 'object'
    return isData && error ? new Error('the driver failed without an error object') : error
  }
  const clean = (text: string): string => without(text, sent)
  const message = clean(String(error.message))
  const inner = (nested: unknown): unknown =>
    depth > 0 ? withoutInput(nested, sent, depth - 1) : undefined
  const cause = inner(error.cause)
  const errors = Array.isArray(error.errors) ? error.errors.map(inner) : undefined
  const isClean =
    message === error.message &&
    cause === error.cause &&
    (errors ?? []).every((each, index) => each === (error.errors as unknown[])[index]) &&
    Reflect.ownKeys(error).every(key => isKept(key, error) || key === 'cause' || key === 'errors')
  if (isClean) return error
  const copy = new Error(message, cause === undefined ? {} : { cause })
  Object.setPrototypeOf(copy, Object.getPrototypeOf(error))
  for (const key of Reflect.ownKeys(error)) {
    const value = Reflect.get(error, key)
    if (isKept(key, error)) define(copy, key, typeof value === 'string' ? clean(value) : value)
  }
  // Getters of the class may read properties that are not kept.
  define(copy, 'name', String(error.name))
  define(copy, 'message', message)
  define(copy, 'stack', stackOf(error, message))
  if (errors) define(copy, 'errors', errors)
  return copy
}

/** The servers that errors of drivers came from, for messages. */
const servers = new WeakMap<object, string>()

/**
 * Runs a call of a driver. When it fails, rejects with the error without what was sent.
 *
 * @param server - the name of the server, which {@link reasonOf} puts before the message: the errors of sockets do
 *   not name it
 */
export async function driverCall<T>(
  server: string,
  call: () => PromiseLike<T> | T,
  sent: readonly unknown[] = [],
): Promise<T> {
  try {
    return await call()
  } catch (error) {
    const clean = withoutInput(error, sent)
    if (isError(clean)) servers.set(clean, server)
    throw clean
  }
}

/** Returns why an operation failed, for a message. Some errors of sockets have a code and no message. */
export function reasonOf(error: unknown): string {
  if (!isError(error)) return 'unknown failure'
  const server = servers.get(error)
  const reason = messageOf(error)
  return server === undefined || reason.includes(server) ? reason : `${server}: ${reason}`
}

function messageOf(error: ErrorLike): string {
  const { message, errors, code, name } = error
  if (message) return String(message)
  const reasons = Array.isArray(errors) ? [...new Set(errors.map(reasonOf))].join(', ') : ''
  return reasons || String(code || name || 'unknown failure')
}

interface ErrorLike extends Error {
  readonly code?: unknown
  readonly errors?: unknown
}

/** Errors of another realm, such as a test runner's, are no instances of this realm's Error. */
function isError(value: unknown): value is ErrorLike {
  return value instanceof Error || Object.prototype.toString.call(value) === '[object Error]'
}

function isKept(key: string | symbol, error: Error): boolean {
  const value = Reflect.get(error, key)
  return kept.has(key) && (typeof value !== 'object' || value === null)
}

function define(error: Error, key: string | symbol, value: unknown): void {
  const isVisible = key !== 'name' && key !== 'message' && key !== 'stack' && key !== 'errors'
  const how = { enumerable: isVisible, configurable: true, writable: true }
  Object.defineProperty(error, key, { value, ...how })
}

/** Returns the stack with the clean message, and only with the lines that name a place in the code. */
function stackOf(error: Error, message: string): string {
  const lines = String(error.stack ?? '').split('\n')
  const places = lines.filter(line => /^\s+at .*(?::\d+|<anonymous>|native)\)?$/.test(line))
  return [`${error.name}: ${message}`, ...places].join('\n')
}

function without(text: string, sent: readonly unknown[]): string {
  let clean = text
  for (const quote of quotes) clean = clean.replace(quote, quote.global ? '…' : '')
  for (const value of sent) {
    if (typeof value === 'string' && value.length >= 8) clean = clean.replaceAll(value, '…')
  }
  return clean
}
