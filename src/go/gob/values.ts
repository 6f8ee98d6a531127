/**
 * Values that carry their Go type: those that JavaScript has no type for, and those that a program wants
 * to write as a certain Go type.
 *
 * @module
 */

import { type Concrete, type OpaqueEncoding, typeText } from './types.ts'

/** The key of a `GoValue`'s type. Not part of the public API. */
export const concreteOf: unique symbol = Symbol('silverback.gob.concrete')

/** The method that Node's `util.inspect` and console.log call. */
const inspect: unique symbol = Symbol.for('nodejs.util.inspect.custom')

/**
 * A value with its Go type. Immutable.
 *
 * `value` is the JavaScript value that the decoder returns for it.
 */
export class GoValue<Value = unknown> {
  readonly [concreteOf]: Concrete
  readonly value: Value

  /** Use the functions of `go` instead. */
  constructor(concrete: Concrete, value: Value) {
    this[concreteOf] = concrete
    this.value = value
    if (new.target === GoValue) Object.freeze(this)
  }

  /** The Go type, such as `int64` or `main.Person`. */
  get type(): string {
    return this[concreteOf].name || typeText(this[concreteOf].type)
  }

  [inspect](_depth: number, options: object, inspectValue?: Inspect): string {
    return `${this.type}(${this.content(value => inspectValue?.(value, options) ?? String(value))})`
  }

  /** The value, as `util.inspect` shows it. */
  protected content(inspectValue: (value: unknown) => string): string {
    return inspectValue(this.value)
  }
}

type Inspect = (value: unknown, options: object) => string

/** A Go string that is not valid UTF-8, such as compressed data. `value` has its bytes. */
export class GoString extends GoValue<Uint8Array> {
  constructor(concrete: Concrete, bytes: Uint8Array) {
    super(concrete, bytes)
    Object.freeze(this)
  }

  get bytes(): Uint8Array {
    return this.value
  }
}

/** A complex number. */
export class GoComplex extends GoValue<readonly [re: number, im: number]> {
  constructor(concrete: Concrete, re: number, im: number) {
    super(concrete, Object.freeze([re, im] as const))
    Object.freeze(this)
  }

  get re(): number {
    return this.value[0]
  }

  get im(): number {
    return this.value[1]
  }

  protected override content(): string {
    return `${this.re}${this.im < 0 || Object.is(this.im, -0) ? '' : '+'}${this.im}i`
  }
}

/** A value of a Go type that encodes itself, such as `*url.URL`. Only its Go code can decode the bytes. */
export class GoOpaque extends GoValue<Uint8Array> {
  constructor(concrete: Concrete, bytes: Uint8Array) {
    super(concrete, bytes)
    Object.freeze(this)
  }

  get bytes(): Uint8Array {
    return this.value
  }

  /** The Go interface that produces the bytes: GobEncoder, BinaryMarshaler or TextMarshaler. */
  get kind(): OpaqueEncoding {
    const { type } = this[concreteOf]
    return type.kind === 'opaque' ? type.encoding : 'gob'
  }
}
