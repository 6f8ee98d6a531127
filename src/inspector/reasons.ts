/**
 * What the reasons of new sessions mean, for operators.
 *
 * @module
 */

import type { Reason } from '../session/snapshot.ts'

interface Meaning {
  readonly title: string
  readonly meaning: string
  readonly advice: string
}

export const reasons: Readonly<Record<Reason, Meaning>> = {
  'no-cookie': {
    title: 'No cookie',
    meaning: 'The request has no cookie of this name.',
    advice:
      'The visitor is new, or the browser did not keep or send the cookie: check its Path, Domain, Secure and SameSite.',
  },
  malformed: {
    title: 'Malformed',
    meaning: 'The value does not have the format that this store writes.',
    advice:
      'It was cut off or changed on the way, or another program set a cookie of the same name.',
  },
  'too-large': {
    title: 'Too large',
    meaning: 'The value is longer than the store reads.',
    advice: 'Another program set it, or a limit was lowered after it was written.',
  },
  'unknown-key': {
    title: 'Unknown key',
    meaning: 'The value was made with a key that is not, or no longer, configured in the store.',
    advice:
      'Keep an old key in the list until the sessions that it sealed have expired, in every process.',
  },
  'bad-mac': {
    title: 'Not authentic',
    meaning: 'No key of the store verifies this value for a cookie of this name.',
    advice:
      'It was changed, belongs to a cookie of another name, or comes from another deployment.',
  },
  expired: {
    title: 'Expired',
    meaning: 'The session was idle for too long, or has reached its absolute lifetime.',
    advice: 'This is normal. If it was too early, check the lifetimes of the store.',
  },
  'too-new': {
    title: 'From the future',
    meaning: 'The session was written by a clock that is ahead of the clock of this machine.',
    advice: 'Synchronise the clocks of the machines.',
  },
  'unknown-id': {
    title: 'Not stored',
    meaning: 'The cookie is authentic, but nothing is stored under its id.',
    advice:
      'The session was ended, has expired or got a new id, or the backend lost or evicted its record.',
  },
  revoked: {
    title: 'Revoked',
    meaning: 'The session was ended: by its owner, elsewhere, or together with all others.',
    advice: 'The visitor has to sign in again.',
  },
  schema: {
    title: 'Schema mismatch',
    meaning: 'The stored values do not match the schema of the definition.',
    advice: 'Add a migration, or make the schema accept what earlier releases stored.',
  },
  'store-failed': {
    title: 'Backend failed',
    meaning: 'The backend could not be read.',
    advice: 'The cookie may be valid. See the errors of the store.',
  },
}

/** True for a reason that the library knows: stores of an app may have others. */
export function isReason(text: string): text is Reason {
  return Object.hasOwn(reasons, text)
}
