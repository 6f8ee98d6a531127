/**
 * Infers the types of structs from JavaScript objects.
 *
 * @module
 */

import { isPlainObject } from '../../lib/plain-object.ts'
import { entriesOf, isAbsent } from './assignability.ts'
import { defaultConcrete } from './default-types.ts'
import { originOf } from './provenance.ts'
import type { Field, Type } from './types.ts'
import { unify } from './unify.ts'
import { concreteOf, GoValue } from './values.ts'

/** Returns a struct type with the fields of an object. Fields that are null or undefined are left out. */
export function inferStruct(name: string, object: Record<string, unknown>): Type {
  const fields: Field[] = []
  for (const [field, value] of Object.entries(object)) {
    if (!isAbsent(value)) fields.push({ name: field, type: typeOfValue(name, field, value) })
  }
  return unify([{ kind: 'struct', text: name, wireName: shortName(name), fields }])[0]!
}

function typeOfValue(name: string, field: string, value: unknown): Type {
  if (value instanceof GoValue) return value[concreteOf].type
  const type = originOf(value)?.type ?? defaultConcrete(value)?.type
  if (type === undefined) {
    throw new TypeError(
      `go.struct: field ${field} of ${name} has no Go type; make its value with go.typed or go.opaque`,
    )
  }
  return type
}

/** The name in a definition: without the package, and without the star of a pointer. */
function shortName(name: string): string {
  const arguments_ = name.indexOf('[')
  const head = arguments_ < 0 ? name : name.slice(0, arguments_)
  return name.slice(head.lastIndexOf('.') + 1).replace(/^\*/, '')
}

/**
 * Returns the type of the Go values called `name` inside `value`. Structs made separately may lack
 * different fields, so the type has the fields of all of them.
 */
export function typeNamed(name: string, value: unknown): Type | undefined {
  const types = goValuesIn(value, 0)
    .filter(({ type }) => type === name || type === `*${name}`)
    .map(found => found[concreteOf].type)
  return unify(types)[0]
}

const maxDepth = 16

function goValuesIn(value: unknown, depth: number): GoValue[] {
  if (value instanceof GoValue) return [value]
  if (depth > maxDepth) return []
  if (Array.isArray(value)) return value.flatMap(elem => goValuesIn(elem, depth + 1))
  if (value instanceof Map || isPlainObject(value)) {
    return entriesOf(value).flatMap(entry => goValuesIn(entry, depth + 1))
  }
  return []
}
