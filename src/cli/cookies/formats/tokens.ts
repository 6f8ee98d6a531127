/**
 * Values that are no sessions of a library: JSON web tokens and UUIDs.
 *
 * @module
 */

import { asValues, parseJson } from '../../../migrate/formats.ts'
import { decodeCanonical } from '../../../runtime/bytes/base64url.ts'
import { type Cookie, type Facts, type Recognized, times } from '../format.ts'

/** RFC 7519: three parts for a signed token, five for an encrypted one. */
export function jsonWebToken({ value }: Cookie): Recognized | undefined {
  const parts = value.split('.', 6)
  if (!value.startsWith('eyJ') || (parts.length !== 3 && parts.length !== 5)) return undefined
  const header = partOf(parts[0])
  if (!header) return undefined
  const isEncrypted = parts.length === 5
  const claims = isEncrypted ? undefined : partOf(parts[1])
  return {
    format: isEncrypted ? 'jwe' : 'jwt',
    title: isEncrypted
      ? 'A JSON web token, encrypted. It is not decrypted here'
      : 'A JSON web token, signed. Its signature is not checked here',
    facts: { ...headerFacts(header), ...(claims && claimTimes(claims)) },
    ...(claims && { readable: { value: claims } }),
  }
}

function partOf(text: string | undefined): Record<string, unknown> | undefined {
  const json = text === undefined ? undefined : decodeCanonical(text)
  return json && asValues(parseJson(json))
}

function headerFacts({ alg, enc, kid }: Record<string, unknown>): Facts {
  const facts = Object.entries({ algorithm: alg, encryption: enc, 'key id': kid })
  return Object.fromEntries(facts.filter(([, value]) => typeof value === 'string')) as Facts
}

function claimTimes({ iat, nbf, exp }: Record<string, unknown>): Facts {
  const seconds = (value: unknown) => (typeof value === 'number' ? value : undefined)
  return times({ issued: seconds(iat), 'valid from': seconds(nbf), expires: seconds(exp) })
}

const uuidForm = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i

export function uuid({ value }: Cookie): Recognized | undefined {
  if (!uuidForm.test(value)) return undefined
  return {
    format: 'uuid',
    title: 'A UUID, probably the id of a record, not signed',
    facts: {},
  }
}
