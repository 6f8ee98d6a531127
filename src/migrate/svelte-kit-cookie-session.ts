/**
 * Reads sessions of `svelte-kit-cookie-session` 4.
 *
 *     cookie  = percent-encoded( box "&id=" id )
 *     box     = hex( nonce AES-256-GCM( JSON of content ) )
 *     content = { …values, expires }, where expires is a date
 *
 * With its option `chunked`, the box is split into "name.0", "name.1", …, and "name.meta" is count "-" id.
 *
 * @module
 */

import { openAesGcm } from '#crypto'
import { describeKind } from '../lib/describe.ts'
import type { Reader } from '../session/legacy-reader.ts'
import type { Values } from '../session/session.ts'
import { parseValues, percentDecoded } from './formats.ts'
import {
  assertReaderOptions,
  clockOf,
  cookieName,
  createReader,
  type ReaderOptions,
  type Secret,
  secretBytes,
} from './options.ts'

/** Options of {@link svelteKitCookieSession}. */
export interface SvelteKitCookieSessionOptions extends ReaderOptions {
  /** The package's `secret`: 32 bytes, a string of 32 characters, or several of these with their ids. */
  secret: Secret | readonly { readonly id: number; readonly secret: Secret }[]
  /** The package's `key`. Default `kit.session`. */
  cookie?: string
}

const keyLength = 32
const noBytes = new Uint8Array(0)

/** As many chunks as fit into the longest `Cookie` header that is parsed. */
const maxChunks = 16

/**
 * Returns a reader for the encrypted cookies of svelte-kit-cookie-session, also in chunks. A session expires at
 * the time in its content. The box does not contain the cookie's name, so the reader also accepts anything else
 * encrypted with the same secret that has the form of a session.
 *
 * Throws a TypeError or RangeError for a wrong option.
 */
export function svelteKitCookieSession(options: SvelteKitCookieSessionOptions): Reader {
  assertReaderOptions('svelteKitCookieSession', options, ['secret', 'cookie'])
  const keys = keysOf(options.secret)
  const name = cookieName(options.cookie ?? 'kit.session')
  const now = clockOf(options)
  const meta = `${name}.meta`
  const chunks = Array.from({ length: maxChunks }, (_, index) => `${name}.${index}`)
  return createReader(
    options,
    () => [name, meta, ...chunks],
    (_, cookie) => {
      const box = cookie(name) ? boxIn(cookie(name)) : joined(cookie(meta), chunks.map(cookie))
      return box && valuesIn(openBox(box, keys), now())
    },
  )
}

/**
 * Returns the box in a cookie value, or undefined if the value has another form. The id of the secret after it is not
 * authenticated, so it must not influence anything.
 */
export function boxIn(value: string | undefined): Uint8Array | undefined {
  const [hex = ''] = (percentDecoded(value ?? '') ?? '').split('&id=', 1)
  return hexBytes(hex)
}

/** The box from its chunks; undefined if one is missing. */
function joined(
  meta: string | undefined,
  chunks: readonly (string | undefined)[],
): Uint8Array | undefined {
  const count = Number(/^(\d{1,2})-/.exec(meta ?? '')?.[1])
  const present = chunks.slice(0, count || 0)
  return present.length === count && present.every(Boolean) ? hexBytes(present.join('')) : undefined
}

function hexBytes(hex: string): Uint8Array | undefined {
  if (!/^(?:[\da-f]{2})+$/.test(hex)) return undefined
  const bytes = new Uint8Array(hex.length / 2)
  for (let at = 0; at < bytes.length; at++) {
    bytes[at] = Number.parseInt(hex.slice(2 * at, 2 * at + 2), 16)
  }
  return bytes
}

/** Returns the JSON in the box, or undefined if none of the keys opens it. */
export function openBox(box: Uint8Array, keys: readonly Uint8Array[]): Uint8Array | undefined {
  for (const key of keys) {
    const json = openAesGcm(key, noBytes, box, 0)
    if (json) return json
  }
  return undefined
}

function valuesIn(json: Uint8Array | undefined, now: number): Values | undefined {
  const { expires, ...values } = (json && parseValues(json)) ?? {}
  const isAlive = typeof expires === 'string' && Date.parse(expires) > now * 1000
  return isAlive ? values : undefined
}

function keysOf(secret: SvelteKitCookieSessionOptions['secret']): readonly Uint8Array[] {
  if (!Array.isArray(secret)) return [keyOf('secret', secret as Secret)]
  if (secret.length === 0) throw new TypeError('secret must not be an empty array')
  return secret.map((each: unknown, index) => {
    const given = (each as { secret?: Secret } | null)?.secret
    if (given === undefined) {
      throw new TypeError(`secret[${index}] must be { id, secret }, not ${describeKind(each)}`)
    }
    return keyOf(`secret[${index}].secret`, given)
  })
}

function keyOf(option: string, secret: Secret): Uint8Array {
  const bytes = secretBytes(option, secret)
  if (bytes.length === keyLength) return bytes
  throw new RangeError(`${option} must have ${keyLength} bytes, not ${bytes.length}`)
}
