/**
 * Makes cookies that an app has not issued.
 *
 * @module
 */

import { randomInt } from 'node:crypto'

/** Letters and digits outside of percent-encodings, and outside of the prefix `s:` of signed ids. */
const characters = /%[\da-f]{2}|^s(?=:|%3A)|[a-z\d]/gi

/** Returns a value of the same form with other letters and digits. */
export function plantedValue(value: string): string {
  return value.replace(characters, (character, at: number) =>
    isCharacter(character, at, value) ? other(character, value) : character,
  )
}

/**
 * Returns the value with one other character. The last one is never changed: in base64, some of its bits mean nothing.
 *
 * @param share - where to change it, between 0 (start) and 1 (end)
 */
export function tamperedValue(value: string, share: number): string {
  const positions = [...value.matchAll(characters)]
    .filter(({ 0: character, index }) => isCharacter(character, index, value))
    .map(({ index }) => index)
  const at = positions[Math.floor((positions.length - 1) * share)]
  if (at === undefined) return `${value}0`
  return value.slice(0, at) + other(value[at] as string, value) + value.slice(at + 1)
}

function isCharacter(character: string, at: number, value: string): boolean {
  return character.length === 1 && !(at === 0 && /^s(?::|%3A)/i.test(value))
}

/** Another character of the same kind. */
function other(character: string, value: string): string {
  const isHex = /^[\da-f-]+$/i.test(value)
  const kinds = [
    '0123456789',
    isHex ? 'abcdef' : lowerCase,
    (isHex ? 'abcdef' : lowerCase).toUpperCase(),
  ]
  const kind = kinds.find(each => each.includes(character)) as string
  const index = kind.indexOf(character)
  return kind[(index + randomInt(1, kind.length)) % kind.length] as string
}

const lowerCase = 'abcdefghijklmnopqrstuvwxyz'
