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
import { assertInteger } from '../lib/assert-options.ts'
import type { Reader } from '../session/legacy-reader.ts'
import type { Values } from '../session/session.ts'
import { base64Bytes, parseValues, percentDecoded } from './formats.ts'
import {
  assertReaderOptions,
  clockOf,
  cookieName,
  createReader,
  type ReaderOptions,
  type Secret,
  secretBytes,
} from './options.ts'

/** Options of {@link secureSession}. Exactly one of `key` and `secret` is required. */
export type SecureSessionOptions = ReaderOptions & {
  /** The plugin's `cookieName`, or its `sessionName`. Default `session`. */
  cookie?: string
  /** The plugin's `expiry`: seconds since the last change of the session. Default 86,401. */
  expiry?: number
} & (
    | {
        /** The plugin's `key`: 32 bytes, their base64, or an array of these. */
        key: Secret | readonly Secret[]
        secret?: never
        salt?: never
      }
    | {
        /**
         * The plugin's `secret`. The first request with an old cookie waits while the key is derived,
         * which takes seconds and 256 MiB. Pass `key` to avoid that.
         */
        secret: Secret
        /** The plugin's `salt`: 16 bytes. Default: the plugin's default salt. */
        salt?: Secret
        key?: never
      }
  )

const keyLength = 32
const saltLength = 16
const minSecretLength = 32
const macLength = 16

/** The plugin's default salt, which is public. */
const defaultSalt = 'mq9hDxBVDbspDR6nLfFT1g=='

/** libsodium's "moderate" limits: 3 passes over 256 MiB. */
const moderate = { t: 3, m: 262_144, p: 1, dkLen: keyLength }

// box ";" nonce [ "." signature ]. The plugin may sign its cookies too. The signature need not be
// verified, because the box is authenticated.
const form = /^([\w+/-]+={0,2});([\w+/-]{32})(?:\..*)?$/s

/**
 * Returns a reader for the encrypted cookies of @fastify/secure-session. A session expires `expiry`
 * seconds after its last change. The box does not contain the cookie's name, so the reader also accepts
 * anything else encrypted with the same key that has the form of a session.
 *
 * Throws a TypeError or RangeError for a wrong option.
 */
export function secureSession(options: SecureSessionOptions): Reader {
  assertReaderOptions('secureSession', options, ['cookie', 'expiry', 'key', 'secret', 'salt'])
  const keys = keysOf(options)
  const expiry = assertInteger('expiry', options.expiry ?? 86_401)
  const name = cookieName(options.cookie ?? 'session')
  const now = clockOf(options)
  return createReader(
    options,
    () => [name],
    async (_, cookie) => {
      const box = boxIn(cookie(name) ?? '')
      const message = box && openBox(box, await keys())
      return message && valuesIn(parseValues(message), now() - expiry)
    },
  )
}

/** What the plugin's cookie value consists of. */
export interface Box {
  readonly box: Uint8Array
  readonly nonce: Uint8Array
}

/** Returns the box in a cookie value, or undefined if the value has another form. */
export function boxIn(value: string): Box | undefined {
  const [, encodedBox, encodedNonce] = form.exec(percentDecoded(value) ?? '') ?? []
  const box = base64Bytes(encodedBox ?? '')
  const nonce = base64Bytes(encodedNonce ?? '')
  return box && nonce && box.length >= macLength ? { box, nonce } : undefined
}

/** Returns the JSON in the box, or undefined if none of the keys opens it. */
export function openBox({ box, nonce }: Box, keys: readonly Uint8Array[]): Uint8Array | undefined {
  for (const key of keys) {
    try {
      return secretbox(key, nonce).open(box)
    } catch {
      // Wrong key: try the next one.
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
    throw new TypeError('secureSession needs either key or secret')
  }
  if (secret !== undefined) return derivedKeys(secret, salt)
  const list = Array.isArray(key) ? key : [key]
  if (list.length === 0) throw new TypeError('key must not be an empty array')
  const keys = list.map(keyBytes)
  return async () => keys
}

function keyBytes(key: Secret): Uint8Array {
  const given = secretBytes('key', key)
  const bytes = typeof key === 'string' ? base64Bytes(key.trim()) : given
  if (bytes?.length !== keyLength) {
    throw new RangeError(`key must be ${keyLength} bytes, or their base64`)
  }
  return bytes
}

/**
 * Returns a function that derives the key at its first call and remembers it.
 * Throws a RangeError if the secret or the salt has a wrong length.
 */
export function derivedKeys(secret: Secret, salt: Secret | undefined): () => Promise<Uint8Array[]> {
  const password = secretBytes('secret', secret)
  if (password.length < minSecretLength) {
    throw new RangeError(`secret must have at least ${minSecretLength} bytes`)
  }
  const saltBytes =
    salt === undefined ? (base64Bytes(defaultSalt) as Uint8Array) : secretBytes('salt', salt)
  if (saltBytes.length !== saltLength) throw new RangeError(`salt must have ${saltLength} bytes`)
  let keys: Promise<Uint8Array[]> | undefined
  return () => {
    keys ??= argon2idAsync(password, saltBytes, moderate).then(
      key => [key],
      error => {
        // Try again at the next request: memory may have been short only for now.
        keys = undefined
        throw error
      },
    )
    return keys
  }
}
