/**
 * The fields of a form that may be kept to show them again.
 *
 * @module
 */

import { utf8Bytes } from '#bytes'
import { assertInteger } from '../lib/assert-options.ts'

/** A form that was sent: `FormData`, `URLSearchParams`, or the object that a parser made of it. */
export type FormLike = Iterable<readonly [string, unknown]> | Readonly<Record<string, unknown>>

/** Which fields of a form to keep. */
export interface InputOptions {
  /** Names of fields not to keep, beside those that sound secret: passwords, tokens, card numbers. */
  except?: readonly string[]
  /** Names of the only fields to keep, secret as they may sound. */
  only?: readonly string[]
  /** Most bytes of all of them; a field that has no room is left out. Default 2048. */
  maxBytes?: number
}

/** What a field is called that nobody should find in a session, without its punctuation. */
const secret =
  /passw|passphrase|passcode|^pass$|^pwd|pwd$|secret|token|csrf|^pin$|^otp|otp$|onetimecode|cvc|cvv|cardn|securitycode/

/** Besides its name and its text, a field needs about so many bytes. */
const bytesPerField = 8

/** The names and texts to keep, in the order of the form. Files never are among them. */
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

/** The fields that have a text, one pair for each text. */
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

function soundsSecret(name: string): boolean {
  return secret.test(name.toLowerCase().replace(/[^\p{L}\d]/gu, ''))
}
