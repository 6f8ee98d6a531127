import { expiryOf } from '../../../testing/app/set-cookie.ts'
import { type Evidence, isExpired, type Setting } from '../evidence.ts'
import { type Check, type Finding, findingOf, withoutSession } from './check.ts'

/** 400 days (RFC 6265bis §5.5), and a day for clocks that differ. */
const longest = 34_560_000 + 86_400

/** Max-Age and Expires. */
export const lifetime: Check = {
  name: 'lifetime',
  codes: ['long-lifetime', 'invalid-lifetime', 'expired-at-once', 'lifetimes-differ'],
  skip: withoutSession,
  run: evidence => [
    ...evidence.settings.flatMap(each => judge(each, evidence.startedAt)),
    ...expiredAtOnce(evidence),
  ],
}

function judge(setting: Setting, now: number): Finding[] {
  const { attributes } = setting.cookie
  const maxAge = attributes.get('max-age')
  const expires = attributes.get('expires')
  const date = Date.parse(expires ?? '') / 1000
  if (maxAge !== undefined && !/^-?\d+$/.test(maxAge)) {
    return [findingOf('invalid-lifetime', setting, 'Max-Age is not a whole number')]
  }
  if (expires !== undefined && Number.isNaN(date)) {
    return [findingOf('invalid-lifetime', setting, 'Expires is not a date')]
  }
  const expiry = expiryOf(setting.cookie, now)
  if (expiry !== undefined && expiry - now > longest) {
    return [findingOf('long-lifetime', setting, `${Math.round((expiry - now) / 86_400)} days`)]
  }
  if (maxAge !== undefined && expires !== undefined) {
    const difference = Math.abs(now + Number(maxAge) - date)
    // The visit takes a while, and clocks differ.
    if (difference > 300) return [findingOf('lifetimes-differ', setting)]
  }
  return []
}

/** Session cookies that are only ever set in a way that deletes them, for visitors who did not have them. */
function expiredAtOnce({ sessions, settings, exchanges, startedAt }: Evidence): Finding[] {
  return sessions
    .filter(session => settings.every(each => each.session !== session))
    .flatMap(session =>
      exchanges.flatMap(exchange => {
        const { response } = exchange
        if (!response || exchange.sent.some(([name]) => name === session.name)) return []
        return response.cookies
          .filter(cookie => cookie.name === session.name && isExpired(cookie, startedAt))
          .map(cookie =>
            findingOf('expired-at-once', { cookie, session, exchange: { ...exchange, response } }),
          )
      }),
    )
}
