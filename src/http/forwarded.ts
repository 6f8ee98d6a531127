/**
 * Parses the headers in which proxies describe the original request: `Forwarded` and `X-Forwarded-*`.
 *
 * Each proxy appends to the header. The nearest proxy's entry is last; entries forged by the client
 * come first.
 *
 * @module
 */

import { type RequestLike, readHeader } from './request.ts'

/** One proxy's description of the request it received. The values are not validated. */
export interface Hop {
  /** Address of the peer that sent the request to the proxy. */
  readonly for?: string | undefined
  /** The `Host` header that the proxy received. */
  readonly host?: string | undefined
  /** The scheme of the request to the proxy. */
  readonly proto?: string | undefined
}

/** Returns the hops in `X-Forwarded-For`, `-Proto` and `-Host`, nearest first. */
export function xForwardedHops(request: RequestLike): Hop[] {
  const [addresses, schemes, hosts] = ['for', 'proto', 'host'].map(what =>
    (readHeader(request, `x-forwarded-${what}`)?.split(',') ?? [])
      .map(text => text.trim())
      .reverse(),
  ) as [string[], string[], string[]]
  const count = Math.max(addresses.length, schemes.length, hosts.length)
  return Array.from({ length: count }, (_, index) => ({
    for: addresses[index],
    proto: schemes[index],
    host: hosts[index],
  }))
}

/**
 * Returns the hops in `Forwarded`, nearest first. A malformed header yields no hops at all: a quote
 * that the client left open would otherwise swallow the entries that proxies appended.
 *
 *     Forwarded         = 1#forwarded-element                             RFC 7239 §4
 *     forwarded-element = [ forwarded-pair ] *( ";" [ forwarded-pair ] )
 *     forwarded-pair    = token "=" ( token / quoted-string )
 */
export function forwardedHops(request: RequestLike): Hop[] {
  const header = readHeader(request, 'forwarded') ?? ''
  const hops: Map<string, string>[] = []
  let hop = new Map<string, string>()
  // One optional pair and its separator. Sticky, so each match starts where the previous one ended.
  const pair =
    /[ \t]*(?:([!#$%&'*+\-.^`|~\w]+)=(?:([!#$%&'*+\-.^`|~\w]+)|"((?:[^"\\]|\\.)*)")[ \t]*)?([;,]|$)/y
  for (let end = ''; end !== '$'; ) {
    const match = pair.exec(header)
    if (!match) return []
    const [, name = '', token, quoted = '', separator] = match
    if (name !== '') {
      const parameter = name.toLowerCase()
      // "Each parameter MUST NOT occur more than once" (RFC 7239 §4).
      if (hop.has(parameter)) return []
      hop.set(parameter, token ?? quoted.replace(/\\(.)/g, '$1'))
    }
    if (separator !== ';') {
      if (hop.size > 0) hops.push(hop)
      hop = new Map()
    }
    end = separator || '$'
  }
  return hops
    .reverse()
    .map(each => ({ for: each.get('for'), host: each.get('host'), proto: each.get('proto') }))
}
