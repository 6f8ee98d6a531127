/**
 * Proxies that are known by their addresses.
 *
 * @module
 */

import ipaddr from 'ipaddr.js'
import { describeKind } from '../lib/describe.ts'
import type { TrustAddress } from './origin.ts'

type Range = [ipaddr.IPv4 | ipaddr.IPv6, number]

/** Addresses that never come from the internet, by the names that they have elsewhere, too. */
const named: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  linklocal: ['169.254.0.0/16', 'fe80::/10'],
  // RFC 1918 and RFC 4193
  uniquelocal: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
}

/**
 * For `trustProxy`: believes the proxies at these addresses, and no other.
 *
 * @param addresses - IP addresses, ranges as in `10.0.0.0/8`, and the names `'loopback'`,
 *   `'linklocal'` and `'uniquelocal'`
 * @throws TypeError for what is none of these
 */
export function trustedAddresses(addresses: readonly string[]): TrustAddress {
  if (!Array.isArray(addresses)) {
    throw new TypeError(`trustedAddresses takes a list, not ${describeKind(addresses)}`)
  }
  const ranges = addresses
    .flatMap(each => (Object.hasOwn(named, each) ? (named[each] as readonly string[]) : [each]))
    .map(rangeOf)
  return address => {
    if (address === undefined || !isAddress(address)) return false
    // An IPv4 address comes in the clothes of IPv6, too: `::ffff:10.0.0.1`.
    return ipaddr.subnetMatch(ipaddr.process(address), { trusted: ranges }, 'others') === 'trusted'
  }
}

/** Not the short, octal and hexadecimal forms that some read as IPv4 addresses. */
function isAddress(text: string): boolean {
  return ipaddr.IPv4.isValidFourPartDecimal(text) || ipaddr.IPv6.isValid(text)
}

function rangeOf(text: string): Range {
  const [address = '', bits] = typeof text === 'string' ? text.split('/') : []
  if (!isAddress(address) || (bits !== undefined && !ipaddr.isValidCIDR(text))) {
    const given = typeof text === 'string' ? JSON.stringify(text) : describeKind(text)
    throw new TypeError(`trustedAddresses: ${given} is no IP address, no range and no name of one`)
  }
  return ipaddr.parseCIDR(bits === undefined ? `${text}/${address.includes(':') ? 128 : 32}` : text)
}
