/**
 * Determines the scheme, host and client address of a request, including behind proxies.
 *
 * @module
 */

import { assertInteger } from '../lib/assert-options.ts'
import { describeKind } from '../lib/describe.ts'
import { forwardedHops, type Hop, xForwardedHops } from './forwarded.ts'
import { assertRequest, type RequestWithHeaders, readHeader } from './request.ts'

/**
 * Decides whether to trust the proxy at this address. Hop 0 sent us the request, hop 1 sent it to
 * hop 0, and so on. The address is undefined if it is unknown, as for hop 0 of a web `Request`.
 */
export type TrustAddress = (address: string | undefined, hop: number) => boolean

/**
 * Which proxies to trust. A number is the count of proxies in front of this server; use it only if
 * the server cannot be reached around them. A function trusts proxies by address; `trustedAddresses`
 * from `silverback/proxies` builds one.
 */
export type Trust = number | TrustAddress

/**
 * {@link Trust}, and optionally which headers the proxies set; default `'x-forwarded'`. Only that kind
 * is read, because proxies pass the other kind on as the client sent it.
 */
export type TrustProxy =
  | Trust
  | { readonly trust: Trust; readonly header?: 'x-forwarded' | 'forwarded' | undefined }

/** The parts of a request that determine its origin. Node's and web requests both match. */
export interface OriginRequest extends RequestWithHeaders {
  readonly method?: string | undefined
  readonly url?: string | URL | undefined
  readonly socket?:
    | { readonly encrypted?: boolean | undefined; readonly remoteAddress?: string | undefined }
    | null
    | undefined
}

/** The origin that the client requested. */
export interface RequestOrigin {
  readonly scheme: 'http' | 'https'
  /** Host and port, in lower case, without the scheme's default port. Undefined if missing or invalid. */
  readonly host: string | undefined
  /** In the form of the `Origin` header: `https://example.com`. Undefined without a host. */
  readonly origin: string | undefined
  /** True for HTTPS. */
  readonly secure: boolean
  /** IP address of the client or, if an untrusted proxy is in between, of the nearest such proxy. */
  readonly address: string | undefined
}

/**
 * Returns the origin that the client requested. Without `trustProxy` only the connection counts and
 * forwarding headers are ignored. Headers sent by a client never cause an exception and never turn
 * `http` into `https`.
 *
 * Throws TypeError or RangeError if `trustProxy` is invalid.
 */
export function requestOrigin(request: OriginRequest, trustProxy?: TrustProxy): RequestOrigin {
  assertRequest(request)
  const direct = directOrigin(request)
  if (trustProxy === undefined) return newOrigin(direct)
  const { trusts, header } = checkedTrust(trustProxy)
  if (!trusts(direct.address, 0)) return newOrigin(direct)
  const hops = header === 'forwarded' ? forwardedHops(request) : xForwardedHops(request)
  return newOrigin(forwardedOrigin(direct, hops, trusts))
}

/** Scheme, host and address before the host is normalized. */
interface Parts {
  readonly scheme: 'http' | 'https'
  readonly host: string | undefined
  readonly address: string | undefined
}

function newOrigin({ scheme, host: given, address }: Parts): RequestOrigin {
  const host = given === undefined ? undefined : hostOf(given, scheme)
  return {
    scheme,
    host,
    origin: host && `${scheme}://${host}`,
    secure: scheme === 'https',
    address,
  }
}

/** Reads the origin from the connection. HTTP/2's `:scheme` is ignored: it is only the client's claim. */
function directOrigin(request: OriginRequest): Parts {
  const { socket, url = '' } = request
  if (socket) {
    return {
      scheme: socket.encrypted ? 'https' : 'http',
      host: readHeader(request, ':authority') ?? readHeader(request, 'host'),
      address: addressOf(socket.remoteAddress),
    }
  }
  // A web request has no socket; the server put scheme and host into its URL.
  const { protocol, host } = URL.canParse(url) ? new URL(url) : { protocol: 'http:', host: '' }
  return {
    scheme: protocol === 'https:' ? 'https' : 'http',
    host: host || readHeader(request, 'host'),
    address: undefined,
  }
}

/** Follows the chain of trusted proxies and returns what the farthest of them reports. */
function forwardedOrigin(direct: Parts, hops: readonly Hop[], trusts: TrustAddress): Parts {
  let { scheme, host, address } = direct
  for (let hop = 0; hop < hops.length; hop++) {
    if (hop > 0 && !trusts(address, hop)) break
    const reported = hops[hop] as Hop
    scheme = schemeOf(reported.proto) ?? scheme
    host = reported.host || host
    // Without an address, the author of the next entry is unknown and cannot be trusted.
    if (reported.for === undefined) break
    address = addressOf(reported.for)
  }
  return { scheme, host, address }
}

/** Traefik reports `wss` for a WebSocket. */
const schemes: Readonly<Record<string, 'http' | 'https'>> = {
  http: 'http',
  ws: 'http',
  https: 'https',
  wss: 'https',
}

function schemeOf(text = ''): 'http' | 'https' | undefined {
  const scheme = text.toLowerCase()
  return Object.hasOwn(schemes, scheme) ? schemes[scheme] : undefined
}

/**
 * Normalizes a host to the form of the `Origin` header. Returns undefined if it is not a host.
 *
 *     Host = uri-host [ ":" port ]        RFC 9110 §7.2
 */
function hostOf(text: string, scheme: 'http' | 'https'): string | undefined {
  if (text.length > 300) return undefined
  const [, name, port] =
    /^([a-z\d._-]+|\[[\da-f:.]+\])(?::(\d{1,5}))?$/.exec(text.toLowerCase()) ?? []
  if (name === undefined || port === undefined) return name
  return port === (scheme === 'https' ? '443' : '80') ? name : `${name}:${port}`
}

/**
 * Returns the IP address without the port that some proxies add; undefined for host names and for
 * obfuscated identifiers.
 *
 *     node = ( IPv4address / "[" IPv6address "]" / "unknown" / obfnode ) [ ":" port ]     RFC 7239 §6
 */
function addressOf(text: string | undefined): string | undefined {
  const [, v4, bracketed, v6] =
    /^(?:([\d.]{7,15})(?::\d{1,5})?|\[([\da-f:.]{2,45})\](?::\d{1,5})?|([\da-f:.]{2,45}(?:%[\w.-]{1,32})?))$/i.exec(
      text ?? '',
    ) ?? []
  // Dual-stack sockets report IPv4-mapped IPv6 addresses.
  return v4 ?? (bracketed ?? v6)?.replace(/^::ffff:(?=[\d.]+$)/i, '')
}

/** Throws TypeError or RangeError if `trustProxy` is invalid. */
export function assertTrustProxy(trustProxy: TrustProxy): void {
  checkedTrust(trustProxy)
}

function checkedTrust(trustProxy: TrustProxy): {
  trusts: TrustAddress
  header: 'x-forwarded' | 'forwarded'
} {
  if (trustProxy === null || !['number', 'function', 'object'].includes(typeof trustProxy)) {
    throw new TypeError(
      'trustProxy must be a number of proxies, a function or an object with `trust`, ' +
        `not ${describeKind(trustProxy)}`,
    )
  }
  if (typeof trustProxy !== 'object') return { trusts: trustOf(trustProxy), header: 'x-forwarded' }
  const { trust, header = 'x-forwarded' } = trustProxy
  if (header !== 'x-forwarded' && header !== 'forwarded') {
    throw new TypeError("trustProxy.header must be 'x-forwarded' or 'forwarded'")
  }
  return { trusts: trustOf(trust), header }
}

function trustOf(trust: Trust): TrustAddress {
  if (typeof trust === 'function') return trust
  const count = assertInteger('trustProxy', trust, 0)
  return (_, hop) => hop < count
}
