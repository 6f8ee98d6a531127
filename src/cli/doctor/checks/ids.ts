import { formatOf } from '../cookie-format.ts'
import type { Evidence, SessionCookie } from '../evidence.ts'
import { ofStep } from '../exchange.ts'
import { type Check, type Finding, withoutSession } from './check.ts'

/** OWASP requires this many bits of entropy. */
const leastBits = 64
/** Ids of different visitors that differ in fewer bits are no accident. */
const leastDifferentBits = 32

/** Ids without a signature, which others could guess. */
export const ids: Check = {
  name: 'ids',
  codes: ['short-id', 'predictable-id'],
  skip: withoutSession,
  run: evidence =>
    evidence.sessions.flatMap((session): Finding[] => {
      const { id, protection } = session.format
      if (id === undefined || protection === 'signed') return []
      const bits = Math.floor(id.length * bitsPerCharacter(id))
      if (bits < leastBits) {
        const evidence = `the value of ${session.name} has at most ${bits} bits`
        return [{ code: 'short-id', cookie: session.name, evidence }]
      }
      return predictable(session, evidence)
    }),
}

function predictable({ name }: SessionCookie, evidence: Evidence): Finding[] {
  const values = freshIds(name, evidence)
  const [first] = values
  if (values.length < 2 || first === undefined) return []
  const different = [...first].filter((letter, index) =>
    values.some(value => value[index] !== letter),
  ).length
  const bits = Math.floor(different * bitsPerCharacter(first))
  if (bits >= leastDifferentBits) return []
  return [
    {
      code: 'predictable-id',
      cookie: name,
      evidence: `the values of ${name} for ${values.length} visitors differ in ${different} of ${first.length} characters`,
    },
  ]
}

/** The ids that visitors without cookies were given. */
function freshIds(name: string, { exchanges, startedAt }: Evidence): string[] {
  return ofStep(exchanges, 'page', 'login page', 'other visitor', 'missing page')
    .filter(({ sent }) => sent.length === 0)
    .flatMap(({ response }) => response?.cookies ?? [])
    .filter(cookie => cookie.name === name)
    .flatMap(({ value }) => formatOf(name, value, new Set(), startedAt).id ?? [])
}

/** An estimate by the characters that occur: digits, hexadecimal, base 36, base 64. */
function bitsPerCharacter(id: string): number {
  if (/^\d+$/.test(id)) return Math.log2(10)
  if (/^[\da-f-]+$/i.test(id)) return 4
  return /^[\da-z-]+$/.test(id) ? Math.log2(36) : 6
}
