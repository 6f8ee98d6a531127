/**
 * Reads sessions of `@fastify/secure-session`.
 *
 *     cookie = percent-encoded( base64( secretbox( JSON ) ) ";" base64( nonce ) )
 *
 * secretbox is libsodium's: XSalsa20 and Poly1305, with a nonce of 24 bytes.
 *
 * @module
 */

import { secretbox } from '@noble/ciphers/salsa.js'
import { argon2idAsync } from '@noble/hashes/argon2.js'
import type { Reader } from '../session/legacy-reader.ts'
import type { Values } from '../session/session.ts'
import {
  clockOf,
  cookieName,
  createReader,
  duration,
  type ReaderOptions,
  type Secret,
  secretBytes,
} from './options.ts'
import { base64Bytes, parseValues, percentDecoded } from './text.ts'

/** What {@link secureSession} can be told. Either `key` or `secret` is needed. */
export type SecureSessionOptions = ReaderOptions & {
  /** Its `cookieName`, or its `sessionName`. Default `session`. */
  cookie?: string
  /** Its `expiry`: seconds since the session was last changed. Default 86,401. */
  expiry?: number
} & (
    | {
        /** Its `key`: 32 bytes, or their base64; or a list, each of which is tried. */
        key: Secret | readonly Secret[]
        secret?: never
        salt?: never
      }
    | {
        /**
         * Its `secret`. The first cookie that is read waits for the key to be derived from it,
         * which takes seconds and 256 MiB; `key` does not.
         */
        secret: Secret
        /** Its `salt`: 16 bytes. Default: the one that it has when it is not told. */
        salt?: Secret
        key?: never
      }
  )

const keyLength = 32
const saltLength = 16
const leastSecretLength = 32
const macLength = 16

/** The plugin's, known to everybody. */
const defaultSalt = 'mq9hDxBVDbspDR6nLfFT1g=='

/** libsodium's "moderate" limits: 3 passes over 256 MiB. */
const moderate = { t: 3, m: 262_144, p: 1, dkLen: keyLength }

// box ";" nonce [ "." signature ]. Where the plugin signs its cookies, too, the box needs no
// signature: it is authentic by itself.
const form = /^([\w+/-]+={0,2});([\w+/-]{32})(?:\..*)?$/s

/**
 * Reads what @fastify/secure-session encrypts into its cookies, until `expiry`. The box does not
 * name the cookie: whatever else is encrypted with the same key is read, too, if it looks like a
 * session.
 *
 * Throws TypeError or RangeError for wrong options.
 */
export function secureSession(options: SecureSessionOptions): Reader {
  const keys = keysOf(options)
  const expiry = duration('expiry', options.expiry ?? 86_401)
  const name = cookieName(options.cookie ?? 'session')
  const now = clockOf(options)
  return createReader(
    options,
    () => [name],
    async (_, cookie) => {
      const [, box, nonce] = form.exec(percentDecoded(cookie(name) ?? '') ?? '') ?? []
      if (box === undefined || nonce === undefined) return undefined
      const message = open(base64Bytes(box), base64Bytes(nonce), await keys())
      return message && valuesIn(parseValues(message), now() - expiry)
    },
  )
}

function open(
  box: Uint8Array | undefined,
  nonce: Uint8Array | undefined,
  keys: readonly Uint8Array[],
): Uint8Array | undefined {
  if (!box || !nonce || box.length < macLength) return undefined
  for (const key of keys) {
    try {
      return secretbox(key, nonce).open(box)
    } catch {
      // Another key may open it.
    }
  }
  return undefined
}

function valuesIn(content: Values | undefined, oldest: number): Values | undefined {
  const { __ts: changedAt, ...values } = content ?? {}
  return typeof changedAt === 'number' && changedAt > oldest ? values : undefined
}

function keysOf({ key, secret, salt }: SecureSessionOptions): () => Promise<Uint8Array[]> {
  if ((key === undefined) === (secret === undefined)) {
    throw new TypeError('the reader needs key, or secret in its place')
  }
  if (secret !== undefined) return derivedKeys(secret, salt)
  const list = Array.isArray(key) ? key : [key]
  if (list.length === 0) throw new TypeError('key must not be an empty list')
  const keys = list.map(keyBytes)
  return async () => keys
}

function keyBytes(key: Secret): Uint8Array {
  const given = secretBytes('key', key)
  const bytes = typeof key === 'string' ? base64Bytes(key.trim()) : given
  if (bytes?.length !== keyLength) {
    throw new RangeError(`key must have ${keyLength} bytes, or be their base64`)
  }
  return bytes
}

/** Derives when asked first, and once. */
function derivedKeys(secret: Secret, salt: Secret | undefined): () => Promise<Uint8Array[]> {
  const password = secretBytes('secret', secret)
  if (password.length < leastSecretLength) {
    throw new RangeError(`secret must have at least ${leastSecretLength} bytes`)
  }
  const saltBytes =
    salt === undefined ? (base64Bytes(defaultSalt) as Uint8Array) : secretBytes('salt', salt)
  if (saltBytes.length !== saltLength) throw new RangeError(`salt must have ${saltLength} bytes`)
  let keys: Promise<Uint8Array[]> | undefined
  return () => {
    keys ??= argon2idAsync(password, saltBytes, moderate).then(
      key => [key],
      error => {
        // Memory that was short this time may be there the next.
        keys = undefined
        throw error
      },
    )
    return keys
  }
}
