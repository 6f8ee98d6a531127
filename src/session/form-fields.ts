/**
 * Selects the fields of a submitted form that may be stored to fill in the form again.
 *
 * @module
 */

import { utf8Bytes } from '#bytes'
import { assertInteger } from '../lib/assert-options.ts'
import { soundsSecret } from '../lib/secret-names.ts'

/** A submitted form: `FormData`, `URLSearchParams`, or an object from a body parser. */
export type FormLike = Iterable<readonly [string, unknown]> | Readonly<Record<string, unknown>>

/** Which fields of a form to store. */
export interface InputOptions {
  /** Fields to leave out, in addition to fields whose names suggest secrets, such as passwords. Default: none. */
  except?: readonly string[]
  /** Stores only these fields, even if their names suggest secrets. Default: all fields. */
  only?: readonly string[]
  /** Limit for all fields together, in bytes. Fields that do not fit are left out. Default 2048. */
  maxBytes?: number
}

/** Approximate overhead of a serialized field, in bytes. */
const bytesPerField = 8

/** Returns the names and values to store, in the order of the form. Files are always left out. */
export function fieldsToKeep(
  form: FormLike,
  { except = [], only, maxBytes = 2048 }: InputOptions,
): [string, string][] {
  let room = assertInteger('maxBytes', maxBytes)
  const isWanted = (name: string): boolean =>
    only ? only.includes(name) : !except.includes(name) && !soundsSecret(name)
  return pairsOf(form).filter(([name, text]) => {
    if (!isWanted(name)) return false
    const bytes = utf8Bytes(name).length + utf8Bytes(text).length + bytesPerField
    if (bytes > room) return false
    room -= bytes
    return true
  })
}

/** Returns name and value of each field that is a primitive; a list of values yields a pair for each. */
export function pairsOf(form: FormLike): [string, string][] {
  const entries = isIterable(form) ? [...form] : Object.entries(form)
  return entries.flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value])
      .filter(each => ['string', 'number', 'bigint', 'boolean'].includes(typeof each))
      .map((each): [string, string] => [name, String(each)]),
  )
}

function isIterable(form: FormLike): form is Iterable<readonly [string, unknown]> {
  return Symbol.iterator in form
}
