/**
 * Plain objects, and setting their properties safely.
 *
 * @module
 */

/**
 * True for an object literal, of this realm or another, and for one without a prototype; false for arrays
 * and class instances.
 */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === null || prototype === Object.prototype) return true
  return Object.getPrototypeOf(prototype) === null
}

/** Sets an own property. Unlike an assignment, it treats `__proto__` as a key like any other. */
export function setOwn(target: object, key: PropertyKey, value: unknown): void {
  Object.defineProperty(target, key, {
    value,
    configurable: true,
    enumerable: true,
    writable: true,
  })
}

/** The own property of this name, or undefined: inherited ones do not count. */
export function getOwn(source: object, key: PropertyKey): unknown {
  return Object.hasOwn(source, key) ? (source as Record<PropertyKey, unknown>)[key] : undefined
}
