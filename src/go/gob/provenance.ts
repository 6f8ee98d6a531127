/**
 * What is remembered of a value that was read, so that it is written back as the same Go type.
 *
 * JavaScript values stay plain: this is kept beside them and goes when they go.
 *
 * @module
 */

import { sideTable } from '../../lib/side-table.ts'
import type { Concrete, Type } from './types.ts'

/** Where an object, an array, a Map, a Date or a Uint8Array came from. */
export interface Origin {
  readonly type: Type
  /** What stood in the interface that held it; undefined if its place had a fixed type. */
  readonly concrete: Concrete | undefined
  /** What stood in the interfaces inside it. */
  readonly slots: Slots | undefined
  /** The bytes that a Date was read from, and the milliseconds that it had then. */
  readonly time?: { readonly payload: Uint8Array; readonly milliseconds: number }
}

const origins = sideTable<Origin>()

/** Marks a container. */
export function remember(value: object, origin: Origin): void {
  origins.set(value, origin)
}

/** The origin of a container; undefined for anything else. */
export function originOf(value: unknown): Origin | undefined {
  return typeof value === 'object' && value !== null ? origins.get(value) : undefined
}

const width = 3

/** Keys (property names, array indexes, Map keys), the values read there, and their types. */
export class Slots {
  /** Flat, because there is one per session read. */
  private readonly flat: unknown[] = []
  /** The types of Map keys. */
  private keyTypes: (Concrete | undefined)[] | undefined
  private numbers: Map<unknown, number> | undefined

  get length(): number {
    return this.flat.length / width
  }

  add(key: unknown, value: unknown, concrete: Concrete | undefined): void {
    this.flat.push(key, value, concrete)
  }

  addKeyed(
    key: unknown,
    keyConcrete: Concrete | undefined,
    value: unknown,
    concrete: Concrete | undefined,
  ): void {
    this.keyTypes ??= []
    this.keyTypes[this.length] = keyConcrete
    this.add(key, value, concrete)
  }

  /** A key came again: the later entry wins. */
  replace(key: unknown, value: unknown, concrete: Concrete | undefined): void {
    const number = this.find(key, 0)
    if (number < 0) {
      this.add(key, value, concrete)
    } else {
      this.flat[number * width + 1] = value
      this.flat[number * width + 2] = concrete
    }
  }

  /** The number of the slot with that key, most likely `guess`; -1 if there is none. */
  find(key: unknown, guess: number): number {
    if (guess < this.length && this.flat[guess * width] === key) return guess
    if (this.numbers?.size !== this.length) {
      this.numbers = new Map()
      for (let i = 0; i < this.length; i++) this.numbers.set(this.flat[i * width], i)
    }
    return this.numbers.get(key) ?? -1
  }

  key(number: number): unknown {
    return this.flat[number * width]
  }

  keyType(number: number): Concrete | undefined {
    return this.keyTypes?.[number]
  }

  value(number: number): unknown {
    return this.flat[number * width + 1]
  }

  concrete(number: number): Concrete | undefined {
    return this.flat[number * width + 2] as Concrete | undefined
  }
}
