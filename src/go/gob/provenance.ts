/**
 * Remembers the Go types of values that were read, so that they are written back with the same types.
 *
 * The JavaScript values themselves stay plain. Their types are in a side table, and are collected with
 * them.
 *
 * @module
 */

import { sideTable } from '../../lib/side-table.ts'
import type { Concrete, Type } from './types.ts'

/** What an object, array, Map, Date or Uint8Array was read from. */
export interface Origin {
  readonly type: Type
  /** The concrete type inside the interface that held it; undefined if it was not in an interface. */
  readonly concrete: Concrete | undefined
  /** The concrete types inside the interfaces that it contains. */
  readonly slots: Slots | undefined
  /** The bytes that a Date was read from, and its Unix time in milliseconds at that point. */
  readonly time?: { readonly payload: Uint8Array; readonly milliseconds: number }
}

const origins = sideTable<Origin>()

export function setOrigin(value: object, origin: Origin): void {
  origins.set(value, origin)
}

/** The origin of an object, or undefined if it was not read from a stream. */
export function originOf(value: unknown): Origin | undefined {
  return typeof value === 'object' && value !== null ? origins.get(value) : undefined
}

/** Copies the type that the entry under `key` was read with. No-op unless both objects were read. */
export function copyType(target: object, source: object, key: string): void {
  const [to, from] = [originOf(target)?.slots, originOf(source)?.slots]
  const number = from?.find(key, 0) ?? -1
  if (to && from && number >= 0) to.replace(key, from.value(number), from.concrete(number))
}

const width = 3

/** The entries of a container as they were read: their keys, values and concrete types. */
export class Slots {
  /** Key, value and type of each slot. One flat array, because every session that is read has one. */
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

  /** Adds a slot, or replaces the slot of the same key. */
  replace(key: unknown, value: unknown, concrete: Concrete | undefined): void {
    const number = this.find(key, 0)
    if (number < 0) {
      this.add(key, value, concrete)
    } else {
      this.flat[number * width + 1] = value
      this.flat[number * width + 2] = concrete
    }
  }

  /** The number of the slot with that key, or -1. `guess` is checked first. */
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
