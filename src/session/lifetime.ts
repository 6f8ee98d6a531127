/**
 * How long sessions live.
 *
 * @module
 */

import { assertInteger } from '../lib/assert-options.ts'
import { thirtyDays } from '../lib/clock.ts'

/** How long sessions live, in seconds. No part of it can be infinite. */
export interface Lifetime {
  /** Without a request. Default 24 hours. */
  idle?: number | undefined
  /** At all, however busy. Default 30 days. */
  absolute?: number | undefined
  /** After how long a request renews the idle time. Default a twentieth of it, at least a minute. */
  renewAfter?: number | undefined
}

/** A {@link Lifetime} with every number in place. */
export type FullLifetime = { [Part in keyof Lifetime]-?: number }

/**
 * The limits of NIST SP 800-63B-4 (§2.1.3, §2.2.3, §2.3.3) by authenticator assurance level. Level 1
 * has no limit on idle time there; here it has the same as the whole.
 */
export const lifetimes: {
  readonly aal1: Readonly<Lifetime>
  readonly aal2: Readonly<Lifetime>
  readonly aal3: Readonly<Lifetime>
} = {
  aal1: { idle: thirtyDays, absolute: thirtyDays },
  aal2: { idle: 3600, absolute: 86_400 },
  aal3: { idle: 900, absolute: 43_200 },
}

/**
 * `lifetime` on top of `usual`. Throws a RangeError, naming the part, for what is no whole number of
 * seconds, and a TypeError for a part that does not exist.
 */
export function fullLifetime(lifetime: Lifetime, usual: FullLifetime): FullLifetime {
  for (const part of Object.keys(lifetime)) {
    if (!Object.hasOwn(usual, part)) {
      throw new TypeError(`there is no lifetime.${part}; there are idle, absolute, renewAfter`)
    }
  }
  const idle = assertInteger('lifetime.idle', lifetime.idle ?? usual.idle)
  const absolute = assertInteger('lifetime.absolute', lifetime.absolute ?? usual.absolute)
  const renewAfter = lifetime.renewAfter ?? (lifetime.idle ? renewedAfter(idle) : usual.renewAfter)
  return { idle, absolute, renewAfter: assertInteger('lifetime.renewAfter', renewAfter) }
}

/** The lifetime that a session was given of its own: `absolute` is never longer than usual. */
export function ownLifetime(own: Lifetime, usual: FullLifetime): FullLifetime {
  const { idle = usual.idle, absolute = usual.absolute } = own
  return { ...usual, idle, absolute: Math.min(absolute, usual.absolute) }
}

/** 24 hours, 30 days: what every store starts from. */
export const defaultLifetime: Readonly<FullLifetime> = {
  idle: 86_400,
  absolute: thirtyDays,
  renewAfter: renewedAfter(86_400),
}

function renewedAfter(idle: number): number {
  return Math.max(60, Math.floor(idle / 20))
}

/**
 * True when a session that was last renewed `age` seconds ago is to be renewed: after `renewAfter`, a
 * twentieth of a time that it was told, and never later than half of its idle time.
 *
 * @param told - seconds that it was told to last without a request
 */
export function isRenewalDue(
  age: number,
  told: number | undefined,
  { idle, renewAfter }: FullLifetime,
): boolean {
  return age >= Math.min(Math.max(renewAfter, (told ?? 0) / 20), (told ?? idle) / 2)
}
