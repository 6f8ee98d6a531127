/**
 * Which device an owner has signed in with.
 *
 * @module
 */

import type { OriginRequest } from '../../http/origin.ts'
import { hasHeaders, type RequestLike, readHeader } from '../../http/request.ts'
import { assertFunction, assertKnownOptions } from '../../lib/assert-options.ts'
import { describeKind } from '../../lib/describe.ts'
import type { SessionMetadata } from '../../session/metadata.ts'

/** What to record of a device. */
export interface DeviceOptions {
  /**
   * Returns the address of the client, such as `requestOrigin(request).address`, or undefined. Default: none is
   * recorded. An address is personal data. Not called for requests that consist of a cookie jar.
   */
  readonly address?: (request: OriginRequest) => string | undefined
  /**
   * Turns a user agent into the label of sessions that the app gives none, such as `deviceLabel` of
   * `silverback/devices`.
   */
  readonly label?: (userAgent: string) => string | undefined
}

/** The most characters that are recorded: browsers send less than 256. */
const maxUserAgent = 512
const maxAddress = 64

const nothing = { userAgent: undefined, address: undefined }

/** Records devices, as the option `devices` of a `ServerStore` says. */
export class Devices {
  readonly #options: DeviceOptions

  /** Throws a TypeError for wrong options. */
  constructor(given: true | DeviceOptions) {
    if (typeof given === 'boolean' && !given) {
      throw new TypeError('devices must be true or an object of options, not false; leave it out')
    }
    const options = given === true ? {} : given
    assertKnownOptions('devices', options, ['address', 'label'])
    for (const [option, value] of Object.entries(options)) {
      if (value !== undefined) assertFunction(`devices.${option}`, value)
    }
    this.#options = options
  }

  /** What is recorded when an owner signs in. Throws a TypeError if the app returns an address that is no string. */
  of(request: RequestLike): Pick<SessionMetadata, 'userAgent' | 'address'> {
    if (!hasHeaders(request)) return nothing
    const address = this.#options.address?.(request)
    if (address !== undefined && typeof address !== 'string') {
      throw new TypeError(`devices.address must return a string, not ${describeKind(address)}`)
    }
    return {
      userAgent: printable(readHeader(request, 'user-agent'), maxUserAgent),
      address: printable(address, maxAddress),
    }
  }

  /** The label for sessions without one. */
  labelOf({ userAgent }: SessionMetadata): string | undefined {
    return userAgent === undefined ? undefined : this.#options.label?.(userAgent)
  }
}

/** The text without control and formatting characters, cut to a length; undefined if nothing is left. */
function printable(text: string | undefined, length: number): string | undefined {
  return (
    text
      ?.slice(0, length)
      .replace(/\p{C}+/gu, '')
      .trim() || undefined
  )
}
