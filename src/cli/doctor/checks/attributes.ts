import { isInDomain } from '../../../http/cookie-checks.ts'
import { isWithin } from '../../../http/cookie-path.ts'
import { isLoopback } from '../../../http/secure.ts'
import type { Code } from '../codes.ts'
import type { Setting } from '../evidence.ts'
import { type Check, type Finding, findingOf, withoutSession } from './check.ts'

/** The attributes that protect a cookie and decide where it is sent. */
export const attributes: Check = {
  name: 'attributes',
  codes: [
    'not-http-only',
    'not-secure',
    'secure-over-http',
    'no-same-site',
    'same-site-none-insecure',
    'same-site-none',
    'domain-mismatch',
    'wide-domain',
    'no-path',
    'narrow-path',
  ],
  skip: withoutSession,
  run: ({ settings }) =>
    settings.flatMap(setting => [
      ...httpOnly(setting),
      ...secure(setting),
      ...sameSite(setting),
      ...domain(setting),
      ...path(setting),
    ]),
}

function httpOnly(setting: Setting): Finding[] {
  return setting.cookie.attributes.has('httponly') ? [] : [findingOf('not-http-only', setting)]
}

function secure(setting: Setting): Finding[] {
  const { cookie, exchange } = setting
  const isLocal = isLoopback(exchange.url.hostname)
  const isSecure = cookie.attributes.has('secure')
  if (isSecure) {
    return exchange.isHttps || isLocal ? [] : [findingOf('secure-over-http', setting)]
  }
  // Browsers drop it anyway, which same-site-none-insecure reports.
  const isDropped = sameSiteOf(setting) === 'none'
  // Development without TLS is fine on this machine only.
  return isDropped || (isLocal && !exchange.isHttps) ? [] : [findingOf('not-secure', setting)]
}

function sameSite(setting: Setting): Finding[] {
  const value = sameSiteOf(setting)
  if (value === 'lax' || value === 'strict') return []
  if (value !== 'none') return [findingOf('no-same-site', setting)]
  const isSecure = setting.cookie.attributes.has('secure')
  return [findingOf(isSecure ? 'same-site-none' : 'same-site-none-insecure', setting)]
}

function sameSiteOf({ cookie }: Setting): string | undefined {
  return cookie.attributes.get('samesite')?.toLowerCase()
}

function domain(setting: Setting): Finding[] {
  const attribute = setting.cookie.attributes.get('domain')?.replace(/^\./, '').toLowerCase()
  if (!attribute) return []
  const host = setting.exchange.url.hostname
  const code: Code = isInDomain(host, attribute) ? 'wide-domain' : 'domain-mismatch'
  // A Domain includes all subdomains. For an address there are none.
  const isAddress = /^[\d.]+$|^\[/.test(host)
  return isAddress && code === 'wide-domain' ? [] : [findingOf(code, setting)]
}

function path(setting: Setting): Finding[] {
  const { pathname } = setting.exchange.url
  const attribute = setting.cookie.attributes.get('path')
  if (attribute?.startsWith('/')) {
    return isWithin(pathname, attribute) ? [] : [findingOf('narrow-path', setting)]
  }
  // The default is the folder of the page (RFC 6265bis §5.1.4).
  return pathname.lastIndexOf('/') > 0 ? [findingOf('no-path', setting)] : []
}
