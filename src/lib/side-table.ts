/**
 * What is kept of an object beside its own properties: nobody else sees it, no copy of the object has
 * it, and it goes when the object goes.
 *
 * A WeakMap does the same. But objects that live for one request are many, and a WeakMap with as many
 * keys makes reading a small session take twice as long, most of it in the garbage collector.
 *
 * @module
 */

/** Values, by the objects that they are kept of. */
export interface SideTable<Value> {
  get(object: object): Value | undefined
  set(object: object, value: Value): void
}

/** As a base class, it lets a class add its fields to an object that is there already. */
function given(object: object): object {
  return object
}
const Given = given as unknown as new (object: object) => object

/** No values yet. Each call makes a kind of its own. */
export function sideTable<Value>(): SideTable<Value> {
  /** Objects that are frozen may refuse new fields, private ones too. */
  const ofFrozen = new WeakMap<object, Value>()

  return class Marked extends Given {
    #value: Value

    private constructor(object: object, value: Value) {
      super(object)
      this.#value = value
    }

    static get(object: object): Value | undefined {
      return #value in object ? object.#value : ofFrozen.get(object)
    }

    static set(object: object, value: Value): void {
      if (#value in object) object.#value = value
      else if (Object.isExtensible(object)) new Marked(object, value)
      else ofFrozen.set(object, value)
    }
  }
}
