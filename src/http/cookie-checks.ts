/**
 * Checks, in development, that browsers take a cookie and send it back.
 *
 * @module
 */

import { warnOnce } from '../lib/warnings.ts'
import { type Options, optionOf } from './cookie-options.ts'
import { isWithin, pathOf } from './cookie-path.ts'
import { type OriginRequest, requestOrigin, type TrustProxy } from './origin.ts'
import { readCookies, readHeader } from './request.ts'

/** The subset of a request whose path is known. Express strips the mount path of a router from `url`. */
interface PathRequest extends OriginRequest {
  readonly originalUrl?: string | undefined
}

/** Warns if the Domain or the Path of a cookie keeps browsers from sending it back to where it was set. */
export function checkCookie(
  request: OriginRequest,
  name: string,
  options: Options,
  trustProxy: TrustProxy | undefined,
): void {
  checkDomain(request, name, optionOf(options, 'domain'), trustProxy)
  checkPath(request, name, optionOf(options, 'path'))
}

/**
 * Browsers ignore a cookie whose Domain does not contain the host (RFC 6265bis §5.7), or is a public suffix.
 */
function checkDomain(
  request: OriginRequest,
  name: string,
  domain: string | undefined,
  trustProxy: TrustProxy | undefined,
): void {
  if (!domain) return
  const host = withoutPort(requestOrigin(request, trustProxy).host)
  if (host === undefined || isInDomain(host, domain)) return
  // An untrusted header is enough to skip the warning: a proxy may have replaced the host.
  const isProxied = ['x-forwarded-host', 'forwarded'].some(header => readHeader(request, header))
  if (trustProxy === undefined && isProxied) return
  warnOnce(
    'SESSION_DOMAIN_MISMATCH',
    `the cookie "${name}" has the Domain ${domain} but was set for the host ${host}, so browsers drop it. ` +
      'Leave options.domain out, or set it to the host or to a parent domain that you own; ' +
      'behind a proxy that replaces the Host header, set trustProxy',
  )
}

/** True if browsers accept the Domain from this host. A subdomain is not enough for `com` or an address. */
export function isInDomain(host: string, attribute: string): boolean {
  const domain = attribute.toLowerCase().replace(/^\./, '')
  if (host === domain) return true
  const isSuffix = domain.includes('.') && !/^[\d.]+$/.test(domain)
  return isSuffix && host.endsWith(`.${domain}`)
}

function withoutPort(host: string | undefined): string | undefined {
  return host?.replace(/:\d+$/, '')
}

/** Browsers send a cookie only to paths within its own (RFC 6265bis §5.1.4). */
function checkPath(request: PathRequest, name: string, path: string | undefined): void {
  if (!path || path === '/' || readCookies(request, name).length > 0) return
  const target = request.originalUrl ?? request.url
  if (target === undefined) return
  const prefix = readHeader(request, 'x-forwarded-prefix') ?? ''
  const visible = prefix.replace(/\/$/, '') + pathOf(String(target))
  // The referrer shows the visible path behind a proxy that sends no prefix.
  const referrer = prefix === '' ? readHeader(request, 'referer') : undefined
  if (isWithin(visible, path) || (referrer && isWithin(pathOf(referrer), path))) return
  warnOnce(
    'SESSION_PATH_MISMATCH',
    `the cookie "${name}" has the Path ${path} but was set by ${visible}, where browsers do not send it. ` +
      "Set options.path to '/', or to the path that browsers request; if a proxy strips that path, " +
      'let it send X-Forwarded-Prefix',
  )
}
