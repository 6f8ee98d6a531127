/**
 * Errors for values that gob cannot encode: their path, their type, and the fix.
 *
 * @module
 */

import { SessionError } from '../../errors.ts'
import type { Concrete } from './types.ts'

const maxSegment = 64
const maxPath = 200

/** The error for the value at `path`. The message contains keys, but never values. */
export function unsupported(path: readonly unknown[], problem: string, fix: string): SessionError {
  const subject = path.length === 0 ? 'the value' : pathText(path)
  return new SessionError('gob-unsupported', `gob: cannot write ${subject}: ${problem}; ${fix}`)
}

/** The path in JavaScript's syntax: `user.friends[3]["first name"]`. */
function pathText(path: readonly unknown[]): string {
  let text = ''
  for (const key of path) {
    if (typeof key === 'string' && /^[\p{L}_$][\p{L}\p{N}_$]{0,63}$/u.test(key)) {
      text += text === '' ? key : `.${key}`
    } else {
      text += `[${keyText(key)}]`
    }
  }
  return text.length > maxPath ? `${text.slice(0, maxPath)}…` : text
}

function keyText(key: unknown): string {
  if (typeof key === 'string') {
    return JSON.stringify(key.length > maxSegment ? `${key.slice(0, maxSegment)}…` : key)
  }
  return typeof key === 'object' ? 'key' : String(key).slice(0, maxSegment)
}

/** Describes the type of a value without showing the value. */
export function describe(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return `an array of ${value.length} elements`
  if (typeof value !== 'object') {
    return value === undefined ? 'undefined' : `a ${typeof value}`
  }
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'an invalid Date' : 'a Date'
  const name = className(value)
  return name === 'Object' ? 'an object' : `an instance of ${name}`
}

function className(value: object): string {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (typeof prototype !== 'object' || prototype === null) return 'Object'
  const classOf: unknown = prototype.constructor
  return typeof classOf === 'function' && classOf.name !== '' ? classOf.name : 'a class'
}

/** The call that registers the type in a Go program. */
export function registerCall({ name, type }: Concrete): string {
  const isPointer = name.startsWith('*')
  const bare = isPointer ? name.slice(1) : name
  const isUnnamed = bare.startsWith('[') || bare.startsWith('map[')
  const local = isUnnamed ? bare : bare.slice(bare.lastIndexOf('/') + 1)
  return `gob.Register(${isPointer ? '&' : ''}${local}${isUnnamed ? '{}' : zero(type.kind)})`
}

function zero(kind: string): string {
  switch (kind) {
    case 'bool':
      return '(false)'
    case 'string':
      return '("")'
    case 'int':
    case 'uint':
    case 'float':
    case 'complex':
      return '(0)'
    default:
      return '{}'
  }
}
