/**
 * Signed cookies of Node libraries: express-session, @fastify/session, React Router, cookie-session, koa-session.
 *
 * @module
 */

import { asValues, base64Bytes, parseJson, percentDecoded } from '../../../migrate/formats.ts'
import { signedCookie } from '../../../migrate/keygrip.ts'
import { signedText } from '../../../migrate/signed-id.ts'
import type { HashName } from '../../../runtime/crypto/hashes.ts'
import type { LoadedKey } from '../../lib/keys.ts'
import {
  type Check,
  type Cookie,
  type Facts,
  type Recognized,
  refusedBy,
  shortId,
  times,
} from '../format.ts'

/** `s:` id `.` signature, percent-encoded. */
export function expressSession({ value }: Cookie): Recognized | undefined {
  const text = percentDecoded(value)
  if (!text?.startsWith('s:') || !text.includes('.')) return undefined
  const signed = text.slice(2)
  return {
    format: 'express-session',
    title: 'express-session: the id of a record, signed',
    facts: { id: shortId(signed.slice(0, signed.lastIndexOf('.'))) },
    check: keys => checkSigned(signed, keys),
  }
}

// text "." base64 of 32 bytes
const signature = /^[\w+/-]{43}=?$/

/** Any text with a signature of `cookie-signature` or of Hono. */
export function signedValue({ value }: Cookie): Recognized | undefined {
  const signed = percentDecoded(value)
  const dot = signed?.lastIndexOf('.') ?? -1
  if (!signed || dot < 1 || !signature.test(signed.slice(dot + 1))) return undefined
  const text = signed.slice(0, dot)
  const json = base64Bytes(text)
  const content = json && parseJson(json)
  const values = asValues(content)
  if (values) {
    return {
      format: 'react-router',
      title: 'React Router or Remix: the values, signed',
      facts: {},
      readable: { value: values },
      check: keys => checkSigned(signed, keys, values),
    }
  }
  return {
    format: 'signed',
    title:
      typeof content === 'string'
        ? 'React Router or Remix: the id of a record, signed'
        : 'A signed id, as @fastify/session and Hono make it',
    facts: { id: shortId(typeof content === 'string' ? content : text) },
    check: keys => checkSigned(signed, keys),
  }
}

function checkSigned(signed: string, keys: readonly LoadedKey[], values?: unknown): Check {
  // Hono pads the base64.
  const text = signed.replace(/=$/, '')
  const key = keys.findIndex(each => signedText(text, [secretOf(each)]) !== undefined)
  if (key < 0) return refusedBy(keys)
  return { status: 'verified', key, facts: {}, ...(values ? { content: { value: values } } : {}) }
}

/** base64 of JSON, with a signature in a second cookie. */
export function signedJson({ name, value, other }: Cookie): Recognized | undefined {
  const json = base64Bytes(value)
  const content = json && json.length > 1 ? asValues(parseJson(json)) : undefined
  if (!content) return undefined
  const signatureName = name === undefined ? undefined : `${name}.sig`
  const mac = signatureName === undefined ? undefined : other(signatureName)
  const isKoa = '_expire' in content || '_session' in content
  const library = isKoa ? 'koa-session' : 'cookie-session'
  return {
    format: library,
    title: `${library}: the values, ${mac === undefined ? 'without the cookie of their signature' : 'signed'}`,
    facts: expiryOf(content),
    readable: { value: content },
    ...(signatureName !== undefined && mac !== undefined && { parts: [signatureName] }),
    check(keys, now) {
      if (name === undefined || mac === undefined) {
        return {
          status: 'unchecked',
          reason:
            'The signature is in a second cookie: pass both, as "NAME=VALUE; NAME.sig=SIGNATURE".',
        }
      }
      const cookies: Readonly<Record<string, string>> = { [name]: value, [`${name}.sig`]: mac }
      return checkKeygrip(name, each => cookies[each], keys, content, now)
    },
  }
}

/** The hash functions of Keygrip by the length of their output as base64. */
const keygripHashes: Readonly<Record<number, HashName>> = { 27: 'sha1', 43: 'sha256', 86: 'sha512' }

function checkKeygrip(
  name: string,
  cookie: (name: string) => string | undefined,
  keys: readonly LoadedKey[],
  content: Record<string, unknown>,
  now: number,
): Check {
  const hash = keygripHashes[cookie(`${name}.sig`)?.length ?? 0]
  if (!hash) return { status: 'refused', reason: 'The signature has the wrong length.' }
  const key = keys.findIndex(
    each => signedCookie(name, cookie, { keys: [secretOf(each)], hash }) !== undefined,
  )
  if (key < 0) return refusedBy(keys)
  const { _expire: expires } = content
  return {
    status: 'verified',
    key,
    facts: { hash },
    content: { value: content },
    ...(typeof expires === 'number' && expires <= now * 1000 && { problem: 'It has expired.' }),
  }
}

function expiryOf({ _expire: expires }: Record<string, unknown>): Facts {
  return typeof expires === 'number' ? times({ expires: expires / 1000 }) : {}
}

function secretOf({ secret }: LoadedKey): Uint8Array {
  return typeof secret === 'string' ? new TextEncoder().encode(secret) : secret
}
