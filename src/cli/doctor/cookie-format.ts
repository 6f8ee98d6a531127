/**
 * Recognises the library that has made a session cookie, and how the value is protected, by its name and format.
 *
 * @module
 */

import type { Recognized } from '../cookies/format.ts'
import { recognize } from '../cookies/inspect.ts'

/** The libraries whose options the fixes name. */
export type Library =
  | 'express-session'
  | 'cookie-session'
  | 'iron-session'
  | '@fastify/session'
  | '@fastify/secure-session'
  | 'koa-session'
  | 'Silverback'
  | 'gorilla/sessions'

export interface Format {
  readonly library?: Library
  /** `unknown` if the value could be an unsigned id as well as something encrypted. */
  readonly protection: 'encrypted' | 'signed' | 'none' | 'unknown'
  /** What people can read in the value: an id, the content of the session, or nothing. */
  readonly payload: 'id' | 'content' | 'opaque'
  /** The id, if it is not signed. */
  readonly id?: string
}

const encrypted = { protection: 'encrypted', payload: 'opaque' } as const
const signedContent = { protection: 'signed', payload: 'content' } as const
const unsignedContent = { protection: 'none', payload: 'content' } as const

/** A signature: HMAC-SHA-1, -256 or -512 in base64, base64url or hex. */
const signature = /^(?:[\w+/-]{27}=?|[\w+/-]{43}=?|[\w+/-]{86}={0,2}|[\da-f]{40}|[\da-f]{64})$/

/**
 * Recognises the format of a session cookie.
 *
 * @param names - the names of all cookies that were set: some libraries put the signature into a second one
 * @param now - Unix time in seconds
 */
export function formatOf(
  name: string,
  value: string,
  names: ReadonlySet<string>,
  now: number,
): Format {
  const other = (each: string) => (names.has(each) ? '' : undefined)
  const recognized = recognize({ name, value, other })
  const text = percentDecoded(value)
  return (
    knownFormat(recognized, { name, text, now }) ??
    genericFormat(name, text, names.has(`${name}.sig`)) ?? {
      protection: 'unknown',
      ...(isId(text) ? { payload: 'id', id: text } : { payload: 'opaque' }),
    }
  )
}

/** The format of a library. */
function knownFormat(
  { format, facts, readable, parts }: Recognized,
  { name, text, now }: { name: string; text: string; now: number },
): Format | undefined {
  switch (format) {
    case 'sealed': {
      // A random id may look like a sealed value with a random time.
      const issued = facts.issued instanceof Date ? facts.issued.getTime() / 1000 : 0
      const isRecent = Math.abs(now - issued) < fourHundredDays
      return isRecent ? { ...encrypted, library: 'Silverback' } : undefined
    }
    case 'iron':
      return text.endsWith('~2') ? { ...encrypted, library: 'iron-session' } : encrypted
    case 'secure-session':
      return { ...encrypted, library: '@fastify/secure-session' }
    case 'jwe':
    case 'svelte-kit-cookie-session':
      return encrypted
    case 'securecookie':
      return { ...(readable ? signedContent : encrypted), library: 'gorilla/sessions' }
    case 'jwt':
      return /^none$/i.test(String(facts.algorithm)) ? unsignedContent : signedContent
    case 'express-session':
      // express's own signed cookies may hold JSON.
      return text.startsWith('s:j:')
        ? signedContent
        : { library: 'express-session', protection: 'signed', payload: 'id' }
    case 'signed': {
      const isFastify = name === 'sessionId' || text.indexOf('.') === 32
      return {
        ...(isFastify && { library: '@fastify/session' }),
        protection: 'signed',
        payload: 'id',
      }
    }
    case 'react-router':
      return signedContent
    case 'cookie-session':
    case 'koa-session':
      return parts ? { ...signedContent, library: format } : unsignedContent
    default:
      return undefined
  }
}

const fourHundredDays = 34_560_000

/** JSON, ids with a signature in a second cookie, and `payload.signature` or `payload--signature`. */
function genericFormat(name: string, text: string, hasSignature: boolean): Format | undefined {
  if (isJson(text)) return hasSignature ? signedContent : unsignedContent
  if (hasSignature) {
    const isKoa = name.startsWith('koa')
    return { ...(isKoa && { library: 'koa-session' }), protection: 'signed', payload: 'id' }
  }
  const parts = text.split(text.includes('--') ? '--' : '.')
  const [payload, last] = [parts[0] as string, parts.at(-1) as string]
  if (parts.length < 2 || !signature.test(last)) return undefined
  const isContent = isJson(payload) || isJson(fromBase64(payload))
  return isContent ? signedContent : { protection: 'signed', payload: 'id' }
}

function isId(text: string): boolean {
  return /^[\w.~:+/=-]{1,128}$/.test(text)
}

/** Whether this is a JSON object or list, which `j:` may precede. A string or number may be an id. */
function isJson(text: string): boolean {
  const json = text.startsWith('j:') ? text.slice(2) : text
  if (!/^[[{]/.test(json)) return false
  try {
    return typeof JSON.parse(json) === 'object'
  } catch {
    return false
  }
}

function fromBase64(text: string): string {
  return /^[\w+/-]+={0,2}$/.test(text) ? Buffer.from(text, 'base64').toString() : ''
}

/** Decodes percent-encoding. Malformed text stays as it is. */
function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
