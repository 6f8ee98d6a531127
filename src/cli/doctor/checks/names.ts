import { isLoopback } from '../../../http/secure.ts'
import type { Evidence, Setting } from '../evidence.ts'
import { isOrdinary } from '../exchange.ts'
import { type Check, type Finding, findingOf, withoutSession } from './check.ts'

/** Names of cookies: prefixes, characters, and several of one name. */
export const names: Check = {
  name: 'names',
  codes: [
    'prefix-violated',
    'prefix-would-fit',
    'odd-name',
    'repeated-set-cookie',
    'several-cookies-of-one-name',
  ],
  skip: withoutSession,
  run: evidence => [
    ...evidence.settings.flatMap(prefix),
    ...oddNames(evidence),
    ...repeated(evidence),
    ...several(evidence),
  ],
}

/** RFC 6265bis §4.1.3. Browsers match prefixes case-insensitively. */
function prefix(setting: Setting): Finding[] {
  const { cookie, exchange } = setting
  const isSecure = cookie.attributes.has('secure')
  const isHostOnly = cookie.attributes.get('path') === '/' && !cookie.attributes.get('domain')
  const given = /^__(?:host-http|http|host|secure)-/i.exec(cookie.name)?.[0].toLowerCase()
  if (given === undefined) {
    const wouldFit =
      exchange.isHttps && !isLoopback(exchange.url.hostname) && isSecure && isHostOnly
    return wouldFit ? [findingOf('prefix-would-fit', setting)] : []
  }
  const isKept =
    isSecure &&
    (isHostOnly || !given.startsWith('__host')) &&
    (cookie.attributes.has('httponly') || !given.includes('http-'))
  return isKept ? [] : [findingOf('prefix-violated', setting)]
}

/** Names that are no token (RFC 9110 §5.6.2). Without `=`, the whole is the value of a cookie without a name. */
function oddNames({ exchanges }: Evidence): Finding[] {
  return exchanges.filter(isOrdinary).flatMap(({ method, url, response }) =>
    (response?.cookies ?? [])
      .filter(({ name }) => !/^[\w!#$%&'*+.^`|~-]+$/.test(name))
      .map(
        ({ name }): Finding => ({
          code: 'odd-name',
          cookie: name,
          evidence: `${method} ${url.pathname} sets a cookie with the name ${JSON.stringify(name)}`,
        }),
      ),
  )
}

/** Servers must not set a cookie twice in one response (RFC 6265bis §4.1.1). */
function repeated({ settings }: Evidence): Finding[] {
  return settings
    .filter(({ cookie, exchange }) =>
      settings.some(
        other =>
          other.exchange.response === exchange.response &&
          other.cookie !== cookie &&
          other.cookie.name === cookie.name &&
          ['path', 'domain'].every(
            each => other.cookie.attributes.get(each) === cookie.attributes.get(each),
          ),
      ),
    )
    .map(setting => findingOf('repeated-set-cookie', setting))
}

function several({ sessions, exchanges }: Evidence): Finding[] {
  return sessions.flatMap(({ name }) =>
    exchanges
      .filter(isOrdinary)
      .filter(({ sent }) => sent.filter(([each]) => each === name).length > 1)
      .map(
        ({ method, url }): Finding => ({
          code: 'several-cookies-of-one-name',
          cookie: name,
          evidence: `Browsers send ${name} more than once with ${method} ${url.pathname}`,
        }),
      ),
  )
}
