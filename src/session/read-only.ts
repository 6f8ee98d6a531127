/**
 * Read-only views of sessions.
 *
 * @module
 */

import { SessionError } from '../errors.ts'
import { isPlainObject } from '../lib/plain-object.ts'

/** The methods of a session that do not change it. */
export const readingMethods = ['authenticatedWithin', 'peekFlashes', 'toJSON'] as const

/** Throws the error for an attempt to change something, by the name of the property or method. */
export type Refuse = (key: string | symbol) => never

const views = new WeakSet<object>()

/** Throws a SessionError `read-only` for what {@link viewOf} returns. */
export function assertNoView(session: object): void {
  if (views.has(session)) refuseChange('save')
}

/**
 * A view of the session that shows it as it is at any time, and throws on every change and on every method that
 * would change it. Plain objects and lists in its values refuse changes, too; other objects are those of the
 * session.
 *
 * @param refuse - throws the error. Default: a SessionError `read-only`
 */
export function viewOf<S extends object>(session: S, refuse: Refuse = refuseChange): S {
  const protect = protection(refuse)
  const names: ReadonlySet<string | symbol> = new Set(readingMethods)
  const view = readOnlyProxy(session, refuse, key => {
    if (key === 'isReadOnly') return true
    const value: unknown = Reflect.get(session, key)
    if (typeof value !== 'function') return key === 'store' ? value : protect(value)
    return names.has(key) || typeof key === 'symbol' ? value.bind(session) : () => refuse(key)
  })
  views.add(view)
  return view
}

/** Returns a function that wraps plain objects and lists, each of them once. */
function protection(refuse: Refuse): (value: unknown) => unknown {
  const known = new WeakMap<object, object>()
  return function protect(value: unknown): unknown {
    if (!isPlainObject(value) && !Array.isArray(value)) return value
    const found = known.get(value)
    if (found) return found
    const wrapped = readOnlyProxy(value, refuse, key => {
      const descriptor = Reflect.getOwnPropertyDescriptor(value, key)
      // Proxies must return the values of frozen properties as they are.
      const isFixed = descriptor && !descriptor.configurable && !descriptor.writable
      return isFixed ? descriptor.value : protect(Reflect.get(value, key))
    })
    known.set(value, wrapped)
    return wrapped
  }
}

function readOnlyProxy<Target extends object>(
  target: Target,
  refuse: Refuse,
  get: (key: string | symbol) => unknown,
): Target {
  return new Proxy(target, {
    get: (_, key) => get(key),
    set: (_, key) => refuse(key),
    defineProperty: (_, key) => refuse(key),
    deleteProperty: (_, key) => refuse(key),
    setPrototypeOf: () => refuse('__proto__'),
    preventExtensions: () => refuse('preventExtensions'),
  })
}

/** What to call instead, for the message of an error. */
export function insteadOf(key: string | symbol): string {
  return /flash/i.test(String(key)) ? '; use peekFlashes() to read messages' : ''
}

function refuseChange(key: string | symbol): never {
  throw new SessionError(
    'read-only',
    `${String(key)}: a session that was read with readOnly cannot be changed${insteadOf(key)}; get it without readOnly`,
  )
}
