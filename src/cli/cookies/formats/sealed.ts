/**
 * Silverback's own cookies: sealed values and ids, and ids that are not sealed.
 *
 * @module
 */

import { isId, keyOf } from '../../../backends/ids.ts'
import { Keyring } from '../../../codec/keyring.ts'
import { Sealed } from '../../../codec/sealed.ts'
import { clockSkew } from '../../../lib/clock.ts'
import { decodeCanonical } from '../../../runtime/bytes/base64url.ts'
import { decodeMetadata } from '../../../session/metadata.ts'
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
import { anySerializer, type Payload } from '../payload.ts'

/** What cookies are sealed for, and what they hold. */
const purposes = {
  session: 'Silverback CookieStore: the values, sealed',
  'session record id': 'Silverback ServerStore: the id of a record, sealed',
  'session id': 'Silverback FilesystemStore: the id of a file, sealed',
  'session spill id': 'Silverback CookieStore: the id of a record for a large session, sealed',
} as const
type Purpose = keyof typeof purposes

/** The shortest sealed value: header, nonce and tag. */
const minLength = 37
/** No sealed value is older than the library. */
const year2020 = 1_577_836_800
/** Long after every session, in seconds. */
const forever = 2 ** 40

/** A value that {@link Sealed} may have made. */
export function sealed(cookie: Cookie): Recognized | undefined {
  // A session that was too large for its cookie, see Spilling.
  const isSpilled = cookie.value.startsWith('~')
  const text = isSpilled ? cookie.value.slice(1) : cookie.value
  const bytes = decodeCanonical(text)
  if (!bytes || bytes.length < minLength || (bytes[0] !== 1 && bytes[0] !== 2)) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  const [id, issuedAt] = [view.getUint32(1), view.getUint32(5)]
  if (issuedAt < year2020) return undefined
  const value = { text, id, issuedAt, isSpilled }
  return {
    format: 'sealed',
    title: 'Silverback: sealed',
    facts: {
      ...times({ issued: issuedAt }),
      'key id': id.toString(16).padStart(8, '0'),
      encrypted: `${bytes.length - minLength} bytes`,
    },
    check: (keys, now) => check(cookie.name, value, keys, now),
  }
}

interface SealedText {
  readonly text: string
  readonly id: number
  readonly issuedAt: number
  readonly isSpilled: boolean
}

function check(
  name: string | undefined,
  sealed: SealedText,
  keys: readonly LoadedKey[],
  now: number,
): Check {
  const index = keys.findIndex(({ secret }) => idsOf(secret).includes(sealed.id))
  const key = keys[index]
  if (!key) return refusedBy(keys, ': the key id is that of another key')
  if (name === undefined) {
    return {
      status: 'unchecked',
      reason: `${key.label} has the key id of this cookie. The seal includes the name of the cookie: pass it as NAME=VALUE or with --name.`,
    }
  }
  if (name.endsWith('.copy')) {
    return {
      status: 'unchecked',
      reason: `${key.label} has the key id. A copy of a record, of the option cookieCache, opens only together with the session's id.`,
    }
  }
  for (const purpose of Object.keys(purposes) as Purpose[]) {
    const opened = open(name, sealed, key, purpose)
    if (opened) return verified(opened, sealed, { index, now, purpose })
  }
  return {
    status: 'refused',
    reason: `${key.label} has the key id, but does not open the cookie: it was changed, or sealed for another name than ${name}.`,
  }
}

function idsOf(secret: LoadedKey['secret']): number[] {
  try {
    return [new Keyring([secret]).newest.id]
  } catch {
    // A key for another library.
    return []
  }
}

type OpenedSeal = ReturnType<Sealed['open']>

function open(
  name: string,
  { text, issuedAt }: SealedText,
  { secret }: LoadedKey,
  purpose: Purpose,
): OpenedSeal | undefined {
  const codec = new Sealed({
    keys: [secret],
    purpose,
    serializer: anySerializer,
    // Expired values open too: the expiry is reported.
    now: () => issuedAt - 1,
    maxAge: forever,
    maxLifetime: forever,
    maxLength: text.length,
    cacheBytes: 0,
  })
  try {
    return codec.open(name, text)
  } catch {
    return undefined
  }
}

function verified(
  { value, startedAt, metadata, idle = 0 }: OpenedSeal,
  { issuedAt, isSpilled }: SealedText,
  { index, now, purpose }: { index: number; now: number; purpose: Purpose },
): Check {
  const expires = issuedAt + idle
  const content = value as Payload
  const isValues = purpose === 'session' && !isSpilled
  const remark =
    index > 0 ? ['An older key made it. The next save seals it with the newest one.'] : []
  const problem =
    expires <= now
      ? 'It has expired.'
      : issuedAt > now + clockSkew
        ? 'It was sealed in the future: one of the clocks is wrong.'
        : undefined
  return {
    status: 'verified',
    key: index,
    title: purposes[purpose],
    facts: {
      ...times({ started: startedAt, expires }),
      ...metadataFacts(metadata),
      ...(isValues ? { serializer: content.serializer } : idFacts(content.value)),
    },
    ...(isValues && { content: { value: content.value } }),
    ...(problem !== undefined && { problem }),
    remarks: remark,
  }
}

function metadataFacts(bytes: Uint8Array | undefined): Facts {
  const metadata = bytes && decodeMetadata(bytes)
  if (!metadata) return {}
  const { authenticatedAt, rotatedAt, owner, label, userAgent, address, version } = metadata
  const facts = { owner, label, 'user agent': userAgent, address, 'schema version': version }
  const known = Object.entries(facts).filter(([, value]) => value !== undefined)
  return {
    ...(Object.fromEntries(known) as Facts),
    ...times({ authenticated: authenticatedAt, rotated: rotatedAt }),
  }
}

function idFacts(id: unknown): Facts {
  if (!isId(id)) return {}
  return { id: shortId(id), handle: keyOf(id) }
}

/** An id that is sent as it is, by a ServerStore without keys. */
export function plainId({ value }: Cookie): Recognized | undefined {
  if (!isId(value)) return undefined
  return {
    format: 'id',
    title: 'A random id: of a Silverback ServerStore without keys, or of another library',
    facts: idFacts(value),
  }
}
