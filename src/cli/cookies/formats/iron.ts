/**
 * iron seals ("Fe26.2"): iron-session, h3 and hono-sessions.
 *
 * @module
 */

import { asValues, parseValues } from '../../../migrate/formats.ts'
import { unsealIron } from '../../../migrate/iron.ts'
import { FailedError } from '../../lib/exit-codes.ts'
import type { LoadedKey } from '../../lib/keys.ts'
import { type Check, type Cookie, type Recognized, refusedBy, times } from '../format.ts'

/** iron refuses shorter passwords. */
const minLength = 32
/** PBKDF2 iterations of iron-session, hono-sessions and h3 1, and of h3 2. */
const iterations = [1, 8192]
/** Before the expiry of every seal: expired seals open too, and the expiry is reported. */
const beforeEverything = 0

export function iron({ value }: Cookie): Recognized | undefined {
  if (!value.startsWith('Fe26.2*')) return undefined
  // iron-session writes its version after the seal.
  const [seal = '', suffix] = value.split('~', 2)
  const parts = seal.split('*')
  if (parts.length !== 8) return undefined
  const [, passwordId = '', , , encrypted = '', expiry = ''] = parts
  const expires = /^\d{1,15}$/.test(expiry) ? Number(expiry) / 1000 : undefined
  return {
    format: 'iron',
    title:
      suffix === undefined ? 'An iron seal: iron-session, h3 or hono-sessions' : 'iron-session',
    facts: {
      ...times({ expires }),
      ...(passwordId && { 'password id': passwordId }),
      encrypted: `${encrypted.length} characters`,
    },
    check: (keys, now) =>
      check({ seal, passwordId, expires, isIronSession: suffix !== undefined }, keys, now),
  }
}

interface Seal {
  readonly seal: string
  readonly passwordId: string
  readonly expires: number | undefined
  readonly isIronSession: boolean
}

async function check(sealed: Seal, keys: readonly LoadedKey[], now: number): Promise<Check> {
  for (const [key, { secret }] of keys.entries()) {
    if (typeof secret !== 'string' || secret.length < minLength) continue
    const content = await open(sealed, secret)
    if (content !== undefined) return verified(content, sealed, key, now)
  }
  return refusedBy(keys, '. iron passwords have at least 32 characters and are used as they are')
}

async function open({ seal, passwordId }: Seal, password: string): Promise<unknown> {
  const passwords = Object.assign(Object.create(null), { [passwordId || 'default']: password })
  for (const count of iterations) {
    try {
      const content = await unsealIron(seal, passwords, beforeEverything, count)
      if (content !== undefined) return content
    } catch (cause) {
      throw new FailedError('This cookie needs a package: npm install iron-webcrypto', { cause })
    }
  }
  return undefined
}

function verified(
  content: unknown,
  { expires, isIronSession }: Seal,
  key: number,
  now: number,
): Check {
  const { title, value, started } = described(content, isIronSession)
  return {
    status: 'verified',
    key,
    title: `${title}: the values, encrypted`,
    facts: times({ started }),
    content: { value },
    ...(expires !== undefined && expires <= now && { problem: 'It has expired.' }),
  }
}

/** The library, by what it seals. */
function described(
  content: unknown,
  isIronSession: boolean,
): { title: string; value: unknown; started?: number } {
  if (isIronSession) return { title: 'iron-session', value: content }
  const { createdAt, data } = asValues(content) ?? {}
  if (typeof createdAt === 'number' && asValues(data)) {
    return { title: 'h3', value: data, started: createdAt / 1000 }
  }
  const inner = typeof content === 'string' ? parseValues(content) : undefined
  if (inner?._data) return { title: 'hono-sessions', value: inner }
  return { title: 'An iron seal', value: content }
}
