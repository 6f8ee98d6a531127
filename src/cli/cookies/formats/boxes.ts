/**
 * Encrypted cookies of @fastify/secure-session and svelte-kit-cookie-session.
 *
 * @module
 */

import { base64Bytes, parseValues } from '../../../migrate/formats.ts'
import { boxIn, derivedKeys, openBox } from '../../../migrate/secure-session.ts'
import {
  openBox as openSvelteBox,
  boxIn as svelteBoxIn,
} from '../../../migrate/svelte-kit-cookie-session.ts'
import type { LoadedKey } from '../../lib/keys.ts'
import { type Check, type Cookie, type Recognized, refusedBy, times } from '../format.ts'

const keyLength = 32

/** The plugin's default `expiry` in seconds. */
const defaultExpiry = 86_401

/** @param salt - the plugin's option `salt`, if its key is derived from a secret */
export function secureSession({ value }: Cookie, salt: string | undefined): Recognized | undefined {
  const box = boxIn(value)
  if (!box) return undefined
  return {
    format: 'secure-session',
    title: '@fastify/secure-session: the values, encrypted',
    facts: { encrypted: `${box.box.length} bytes` },
    async check(keys, now) {
      for (const [index, key] of keys.entries()) {
        const message = openBox(box, await secureSessionKeys(key, salt))
        if (message) return opened(message, index, now)
      }
      const hint = salt === undefined ? '. If the plugin has a secret and a salt, add --salt' : ''
      return refusedBy(keys, hint)
    },
  }
}

async function secureSessionKeys(
  { secret }: LoadedKey,
  salt: string | undefined,
): Promise<Uint8Array[]> {
  const bytes = typeof secret === 'string' ? base64Bytes(secret) : secret
  const keys = bytes?.length === keyLength ? [bytes] : []
  if (salt === undefined) return keys
  try {
    const derived = await derivedKeys(secret, salt === 'default' ? undefined : salt)()
    return [...keys, ...derived]
  } catch {
    // Too short for a secret.
    return keys
  }
}

function opened(message: Uint8Array, key: number, now: number): Check {
  const { __ts: changed, ...values } = parseValues(message) ?? {}
  const isNumber = typeof changed === 'number'
  return {
    status: 'verified',
    key,
    facts: isNumber ? times({ changed, expires: changed + defaultExpiry }) : {},
    content: { value: values },
    ...(isNumber &&
      changed + defaultExpiry <= now && {
        problem: "It has expired, with the plugin's default expiry of a day.",
      }),
  }
}

export function svelteKitCookieSession({ value }: Cookie): Recognized | undefined {
  if (!value.includes('%26id%3D') && !value.includes('&id=')) return undefined
  const box = svelteBoxIn(value)
  if (!box || box.length < 28) return undefined
  return {
    format: 'svelte-kit-cookie-session',
    title: 'svelte-kit-cookie-session: the values, encrypted',
    facts: { encrypted: `${box.length - 28} bytes` },
    check(keys, now) {
      const candidates = keys.map(({ secret }) =>
        typeof secret === 'string' ? new TextEncoder().encode(secret) : secret,
      )
      const key = candidates.findIndex(
        each => each.length === keyLength && openSvelteBox(box, [each]) !== undefined,
      )
      const json = key < 0 ? undefined : openSvelteBox(box, [candidates[key] as Uint8Array])
      if (!json) return refusedBy(keys, '. Its secrets have 32 characters')
      const { expires, ...values } = parseValues(json) ?? {}
      const end = typeof expires === 'string' ? Date.parse(expires) / 1000 : Number.NaN
      return {
        status: 'verified',
        key,
        facts: times({ expires: end }),
        content: { value: values },
        ...(!(end > now) && { problem: 'It has expired.' }),
      }
    },
  }
}
