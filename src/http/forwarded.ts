/**
 * What proxies say of the request that they were sent: `Forwarded` and the `X-Forwarded-*` headers.
 *
 * Proxies append: what the nearest one says is at the end, and what a client made up is in front.
 *
 * @module
 */

import { type RequestLike, readHeader } from './request.ts'

/** What one proxy says of the request that it was sent. As sent: nothing is checked yet. */
export interface Hop {
  /** Who sent it. */
  readonly for?: string | undefined
  /** The `Host` it had. */
  readonly host?: string | undefined
  /** The scheme it came by. */
  readonly proto?: string | undefined
}

/** The hops of `X-Forwarded-For`, `-Proto` and `-Host`, the nearest first. */
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
 * The hops of `Forwarded`, the nearest first. None when the header is malformed anywhere: a quote that
 * a client opened would swallow what proxies wrote after it.
 *
 *     Forwarded         = 1#forwarded-element                             RFC 7239 §4
 *     forwarded-element = [ forwarded-pair ] *( ";" [ forwarded-pair ] )
 *     forwarded-pair    = token "=" ( token / quoted-string )
 */
export function forwardedHops(request: RequestLike): Hop[] {
  const header = readHeader(request, 'forwarded') ?? ''
  const hops: Map<string, string>[] = []
  let hop = new Map<string, string>()
  // One optional pair and what ends it. Sticky: each match begins where the last one ended.
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
