/**
 * Errors about values that gob cannot carry: where the value is, what it is, and what to do.
 *
 * @module
 */

import { SessionError } from '../../errors.ts'
import type { Concrete } from './types.ts'

const maxSegment = 64
const maxPath = 200

/** An error about the value at `path`. Keys are told, values never. */
export function unsupported(path: readonly unknown[], problem: string, fix: string): SessionError {
  const place = path.length === 0 ? 'the value' : pathText(path)
  return new SessionError('gob-unsupported', `gob: cannot write ${place}: ${problem}; ${fix}`)
}

/** As in JavaScript: `user.friends[3]["first name"]`. */
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

/** What kind of thing `value` is, without telling what it holds. */
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
  const maker: unknown = prototype.constructor
  return typeof maker === 'function' && maker.name !== '' ? maker.name : 'a class'
}

/** The call with which a Go program registers the type. */
export function registerCall({ name, type }: Concrete): string {
  const isPointer = name.startsWith('*')
  const bare = isPointer ? name.slice(1) : name
  const isText = bare.startsWith('[') || bare.startsWith('map[')
  const local = isText ? bare : bare.slice(bare.lastIndexOf('/') + 1)
  return `gob.Register(${isPointer ? '&' : ''}${local}${isText ? '{}' : zero(type.kind)})`
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
