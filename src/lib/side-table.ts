/**
 * Side tables: values attached to objects. They are invisible to other code, copies of the object do not
 * have them, and they are collected with the object.
 *
 * A WeakMap does the same. But an object per request means many of them, and a WeakMap with that many keys
 * doubles the time it takes to read a small session, most of it in the garbage collector.
 *
 * @module
 */

/** Associates values with objects, like a WeakMap. */
export interface SideTable<Value> {
  get(object: object): Value | undefined
  set(object: object, value: Value): void
}

/** As a base class, this lets a derived class add its private fields to an existing object. */
function returnObject(object: object): object {
  return object
}
const ReturnObject = returnObject as unknown as new (object: object) => object

/** Creates an empty side table, independent of all others. */
export function sideTable<Value>(): SideTable<Value> {
  /** For objects that are not extensible: engines may refuse to add even private fields to them. */
  const nonExtensible = new WeakMap<object, Value>()

  return class Extended extends ReturnObject {
    #value: Value

    private constructor(object: object, value: Value) {
      super(object)
      this.#value = value
    }

    static get(object: object): Value | undefined {
      return #value in object ? object.#value : nonExtensible.get(object)
    }

    static set(object: object, value: Value): void {
      if (#value in object) object.#value = value
      else if (Object.isExtensible(object)) new Extended(object, value)
      else nonExtensible.set(object, value)
    }
  }
}
