/**
 * Cookies of Go programs: gorilla's securecookie, and ids of community stores that are not signed.
 *
 * @module
 */

import { SecureCookie } from '../../../go/securecookie.ts'
import { thirtyDays } from '../../../lib/clock.ts'
import { decodePadded } from '../../../runtime/bytes/base64url.ts'
import type { HashName } from '../../../runtime/crypto/hashes.ts'
import { type GoKeyPair, goKeyPairs, type LoadedKey } from '../../lib/keys.ts'
import { type Check, type Cookie, type Recognized, refusedBy, shortId, times } from '../format.ts'
import { anySerializer, decodePayload, type Payload } from '../payload.ts'

const pipe = 0x7c

/** The hash functions by the length of their output. The first is the most frequent. */
const hashes: Readonly<Record<number, readonly HashName[]>> = {
  16: ['md5'],
  20: ['sha1'],
  28: ['sha224'],
  32: ['sha256', 'sha512-256'],
  48: ['sha384'],
  64: ['sha512'],
}

interface Envelope {
  readonly text: string
  readonly seconds: number
  readonly payload: Uint8Array
  readonly hashes: readonly HashName[]
}

/** A value of securecookie: base64url( seconds "|" base64url( payload ) "|" MAC ). */
export function securecookie({ name, value }: Cookie): Recognized | undefined {
  const envelope = envelopeOf(value)
  if (!envelope) return undefined
  const { seconds, payload } = envelope
  const content = decodePayload(payload)
  const isReadable = content.serializer === 'gob' || content.serializer === 'JSON'
  return {
    format: 'securecookie',
    title: isReadable
      ? `Go securecookie: signed, with ${content.serializer}`
      : 'Go securecookie: encrypted, or with a serializer of its own',
    facts: { ...times({ issued: seconds }), content: `${payload.length} bytes` },
    ...(isReadable && { readable: { value: content.value } }),
    check: keys => check(name, envelope, keys),
  }
}

function envelopeOf(text: string): Envelope | undefined {
  if (!/^[\w-]+={0,2}$/.test(text)) return undefined
  try {
    const bytes = Buffer.from(decodePadded(text))
    const secondsEnd = bytes.indexOf(pipe)
    const innerEnd = bytes.indexOf(pipe, secondsEnd + 1)
    if (secondsEnd < 1 || secondsEnd > 20 || innerEnd < 0) return undefined
    const seconds = bytes.toString('latin1', 0, secondsEnd)
    const found = hashes[bytes.length - innerEnd - 1]
    if (!/^\d+$/.test(seconds) || !found) return undefined
    const payload = decodePadded(bytes.toString('latin1', secondsEnd + 1, innerEnd))
    return { text, seconds: Number(seconds), payload, hashes: found }
  } catch {
    return undefined
  }
}

interface Match {
  readonly key: number
  readonly pair: GoKeyPair
  readonly hash: HashName
  readonly content: Payload
}

function check(name: string | undefined, envelope: Envelope, keys: readonly LoadedKey[]): Check {
  if (name === undefined) {
    return {
      status: 'unchecked',
      reason:
        'The signature includes the name of the cookie: pass it as NAME=VALUE or with --name.',
    }
  }
  const matches = keys.flatMap((key, index) => matchesOf(name, envelope, key, index))
  // The MAC does not depend on the block key, and any block key decrypts to something.
  const best = matches.find(({ content }) => isDecoded(content)) ?? matches[0]
  if (!best) return refusedBy(keys, `: it was changed, or made for another name than ${name}`)
  return verified(best, envelope)
}

function isDecoded({ serializer }: Payload): boolean {
  return serializer === 'gob' || serializer === 'JSON'
}

function matchesOf(name: string, envelope: Envelope, key: LoadedKey, index: number): Match[] {
  return envelope.hashes.flatMap(hash =>
    goKeyPairs(key).flatMap(pair => {
      const content = open(name, envelope.text, pair, hash)
      return content ? [{ key: index, pair, hash, content }] : []
    }),
  )
}

function open(name: string, text: string, pair: GoKeyPair, hash: HashName): Payload | undefined {
  const codec = new SecureCookie({
    ...pair,
    hash,
    serializer: anySerializer,
    maxAge: 0,
    maxLength: 0,
    cacheBytes: 0,
  })
  try {
    return codec.decode(name, text) as Payload
  } catch {
    return undefined
  }
}

function verified({ key, pair, hash, content }: Match, { seconds }: Envelope): Check {
  const isEncrypted = pair.blockKey !== undefined
  const id = typeof content.value === 'string' ? content.value : undefined
  const isId = id !== undefined && isDecoded(content)
  const isUnknown = !isDecoded(content) && !isEncrypted
  const remarks = [
    `Go's default Max-Age is 30 days: with it, the cookie expires ${new Date((seconds + thirtyDays) * 1000).toISOString()}.`,
    ...(isUnknown ? ['The content may be encrypted: add the block key, as HASH:BLOCK.'] : []),
  ]
  return {
    status: 'verified',
    key,
    title: isId
      ? 'Go securecookie: the id of a record of a FilesystemStore or a community store'
      : `Go securecookie: ${isEncrypted ? 'signed and encrypted' : 'signed'}`,
    facts: { serializer: content.serializer, hash, ...(isId && { id: shortId(id) }) },
    ...(!isId && { content: { value: content.value } }),
    remarks,
  }
}

/** 32 random bytes in base32: an id that a Go store sends as it is. */
export function goId({ value }: Cookie): Recognized | undefined {
  if (!/^[A-Z2-7]{52}$/.test(value)) return undefined
  return {
    format: 'go-id',
    title: 'Go: the id of a record, not signed, as rbcervilla/redisstore and dynastore send it',
    facts: { id: shortId(value) },
  }
}
