/**
 * Trusts proxies by IP address.
 *
 * @module
 */

import ipaddr from 'ipaddr.js'
import { describeKind } from '../lib/describe.ts'
import type { TrustAddress } from './origin.ts'

type Range = [ipaddr.IPv4 | ipaddr.IPv6, number]

/** Non-public ranges, under the names that Express and proxy-addr use for them. */
const named: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  linklocal: ['169.254.0.0/16', 'fe80::/10'],
  // RFC 1918 and RFC 4193
  uniquelocal: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
}

/**
 * Returns a value for `trustProxy` that trusts exactly the proxies at these addresses.
 *
 * @param addresses - IP addresses, CIDR ranges such as `10.0.0.0/8`, and the names `'loopback'`,
 *   `'linklocal'` and `'uniquelocal'`
 * @throws TypeError for anything else
 */
export function trustedAddresses(addresses: readonly string[]): TrustAddress {
  if (!Array.isArray(addresses)) {
    throw new TypeError(`trustedAddresses takes an array, not ${describeKind(addresses)}`)
  }
  const ranges = addresses
    .flatMap(each => (Object.hasOwn(named, each) ? (named[each] as readonly string[]) : [each]))
    .map(rangeOf)
  return address => {
    if (address === undefined || !isAddress(address)) return false
    // `process` unwraps IPv4-mapped IPv6 addresses, such as `::ffff:10.0.0.1`.
    return ipaddr.subnetMatch(ipaddr.process(address), { trusted: ranges }, 'others') === 'trusted'
  }
}

/** Rejects the short, octal and hexadecimal notations that some parsers accept as IPv4. */
function isAddress(text: string): boolean {
  return ipaddr.IPv4.isValidFourPartDecimal(text) || ipaddr.IPv6.isValid(text)
}

function rangeOf(text: string): Range {
  const [address = '', bits] = typeof text === 'string' ? text.split('/') : []
  if (!isAddress(address) || (bits !== undefined && !ipaddr.isValidCIDR(text))) {
    const given = typeof text === 'string' ? JSON.stringify(text) : describeKind(text)
    const expected = `an IP address, a CIDR range, ${Object.keys(named).join(', ')}`
    throw new TypeError(`trustedAddresses: ${given} is none of: ${expected}`)
  }
  return ipaddr.parseCIDR(bits === undefined ? `${text}/${address.includes(':') ? 128 : 32}` : text)
}
