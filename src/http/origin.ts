/**
 * What the client asked for: scheme, host and origin of a request, also behind proxies.
 *
 * @module
 */

import { assertInteger } from '../lib/assert-options.ts'
import { describeKind } from '../lib/describe.ts'
import { forwardedHops, type Hop, xForwardedHops } from './forwarded.ts'
import { assertRequest, type RequestWithHeaders, readHeader } from './request.ts'

/**
 * Whether to believe what the proxy at this address says: `hop` 0 sent us the request, 1 sent it to
 * hop 0, and so on. The address is undefined where it is not known: of web requests, hop 0.
 */
export type TrustAddress = (address: string | undefined, hop: number) => boolean

/**
 * Which proxies to believe. A number: so many that stand in front of this server, for servers that
 * nobody reaches otherwise. A function: those at certain addresses, as `trustedAddresses` of
 * `silverback/proxies` makes it.
 */
export type Trust = number | TrustAddress

/**
 * {@link Trust}, and which headers the proxies write. They leave the other kind as the client sent it,
 * so only one kind is read: `'x-forwarded'` unless told.
 */
export type TrustProxy =
  | Trust
  | { readonly trust: Trust; readonly header?: 'x-forwarded' | 'forwarded' | undefined }

/** A request, as far as its origin is in it: all that Node's and web requests have. */
export interface OriginRequest extends RequestWithHeaders {
  readonly method?: string | undefined
  readonly url?: string | URL | undefined
  readonly socket?:
    | { readonly encrypted?: boolean | undefined; readonly remoteAddress?: string | undefined }
    | null
    | undefined
}

/** What the client asked for, as far as it is known. */
export interface RequestOrigin {
  readonly scheme: 'http' | 'https'
  /** Host and port in lower case, without the scheme's usual port. Undefined: none, or no host. */
  readonly host: string | undefined
  /** As in the `Origin` header: `https://example.com`. Undefined without a host. */
  readonly origin: string | undefined
  /** True for HTTPS. */
  readonly secure: boolean
  /** IP address of the client; of the nearest proxy that is not trusted, when there is one. */
  readonly address: string | undefined
}

/**
 * What the client asked for. Without `trustProxy`, what was asked of this server: no header is
 * believed. What a client sends never throws, and makes no `http` an `https`.
 *
 * Throws TypeError or RangeError when `trustProxy` is wrong.
 */
export function requestOrigin(request: OriginRequest, trustProxy?: TrustProxy): RequestOrigin {
  assertRequest(request)
  const direct = directOrigin(request)
  if (trustProxy === undefined) return newOrigin(direct)
  const { trusts, header } = checkedTrust(trustProxy)
  if (!trusts(direct.address, 0)) return newOrigin(direct)
  const hops = header === 'forwarded' ? forwardedHops(request) : xForwardedHops(request)
  return newOrigin(asked(direct, hops, trusts))
}

/** Scheme, host and address before they are put together. */
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

/** By the connection. HTTP/2's `:scheme` is what the client claims, so it does not count. */
function directOrigin(request: OriginRequest): Parts {
  const { socket, url = '' } = request
  if (socket) {
    return {
      scheme: socket.encrypted ? 'https' : 'http',
      host: readHeader(request, ':authority') ?? readHeader(request, 'host'),
      address: addressOf(socket.remoteAddress),
    }
  }
  // A web request has its scheme and host in its URL, where the server put them.
  const { protocol, host } = URL.canParse(url) ? new URL(url) : { protocol: 'http:', host: '' }
  return {
    scheme: protocol === 'https:' ? 'https' : 'http',
    host: host || readHeader(request, 'host'),
    address: undefined,
  }
}

/** What the farthest proxy says that is reached over trusted ones only. */
function asked(direct: Parts, hops: readonly Hop[], trusts: TrustAddress): Parts {
  let { scheme, host, address } = direct
  for (let hop = 0; hop < hops.length; hop++) {
    if (hop > 0 && !trusts(address, hop)) break
    const said = hops[hop] as Hop
    scheme = schemeOf(said.proto) ?? scheme
    host = said.host || host
    // Without addresses nobody knows who wrote what is farther away.
    if (said.for === undefined) break
    address = addressOf(said.for)
  }
  return { scheme, host, address }
}

/** Traefik calls the scheme of a WebSocket `wss`. */
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
 * The host as browsers write it in `Origin`; undefined for what is no host.
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
 * The IP address, without the port that some proxies add; undefined for names and for what hides one.
 *
 *     node = ( IPv4address / "[" IPv6address "]" / "unknown" / obfnode ) [ ":" port ]     RFC 7239 §6
 */
function addressOf(text: string | undefined): string | undefined {
  const [, v4, bracketed, v6] =
    /^(?:([\d.]{7,15})(?::\d{1,5})?|\[([\da-f:.]{2,45})\](?::\d{1,5})?|([\da-f:.]{2,45}(?:%[\w.-]{1,32})?))$/i.exec(
      text ?? '',
    ) ?? []
  // Sockets that take both kinds show IPv4 addresses in the clothes of IPv6.
  return v4 ?? (bracketed ?? v6)?.replace(/^::ffff:(?=[\d.]+$)/i, '')
}

/** Throws TypeError or RangeError when `trustProxy` is wrong. */
export function assertTrustProxy(trustProxy: TrustProxy): void {
  checkedTrust(trustProxy)
}

function checkedTrust(trustProxy: TrustProxy): {
  trusts: TrustAddress
  header: 'x-forwarded' | 'forwarded'
} {
  if (trustProxy === null || !['number', 'function', 'object'].includes(typeof trustProxy)) {
    throw new TypeError(
      `trustProxy must be a number of proxies or a function, not ${describeKind(trustProxy)}`,
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
