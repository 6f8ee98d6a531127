/**
 * How long sessions live, and when they are renewed.
 *
 * @module
 */

import { assertInteger, assertKnownOptions } from '../lib/assert-options.ts'
import { thirtyDays } from '../lib/clock.ts'
import { getOwn } from '../lib/plain-object.ts'

/** How long sessions live, in seconds. Every limit is finite. */
export interface Lifetime {
  /** Seconds without a request until a session expires. Default 24 hours. */
  idle?: number | undefined
  /** Seconds until a session expires, however active it is. Default 30 days. */
  absolute?: number | undefined
  /**
   * How long after the last renewal, in seconds, a request extends the idle time again. Default: a twentieth of
   * `idle`, at least a minute.
   */
  renewAfter?: number | undefined
}

/** A {@link Lifetime} with every value set. */
export type FullLifetime = { [Part in keyof Lifetime]-?: number }

/**
 * The limits of NIST SP 800-63B-4 (§2.1.3, §2.2.3, §2.3.3) by authenticator assurance level. Level 1 has no
 * idle limit there; here it equals the total.
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

const parts = ['idle', 'absolute', 'renewAfter'] as const

/**
 * Completes `lifetime` with the values of `defaults`. Throws a RangeError, naming the part, for anything but
 * a positive integer of seconds, and a TypeError for a part that does not exist.
 */
export function fullLifetime(lifetime: Lifetime, defaults: Readonly<FullLifetime>): FullLifetime {
  assertKnownOptions('lifetime', lifetime, parts)
  const given = givenIn(lifetime)
  const idle = assertInteger('lifetime.idle', given.idle ?? defaults.idle)
  const absolute = assertInteger('lifetime.absolute', given.absolute ?? defaults.absolute)
  const renewAfter = given.renewAfter ?? (given.idle ? renewalOf(idle) : defaults.renewAfter)
  return { idle, absolute, renewAfter: assertInteger('lifetime.renewAfter', renewAfter) }
}

/** The parts that were set. Inherited properties do not count. */
function givenIn(lifetime: Lifetime): Lifetime {
  return Object.fromEntries(parts.map(part => [part, getOwn(lifetime, part)]))
}

/**
 * Throws a RangeError for an idle time or a Max-Age longer than the absolute lifetime given with it: sessions
 * would end earlier than configured.
 *
 * @param maxAge - the Max-Age of the cookie that was given, in seconds
 */
export function assertNoLongerThanAbsolute(
  lifetime: Lifetime,
  maxAge: number | 'session' | undefined,
): void {
  const { idle = 0, absolute } = givenIn(lifetime)
  // `fullLifetime` refuses what is not a duration.
  if (absolute === undefined || !(absolute > 0)) return
  if (idle > absolute) {
    throw new RangeError(
      `lifetime.idle is ${idle}, but sessions end after lifetime.absolute, ${absolute} seconds; set idle to at most that`,
    )
  }
  if (typeof maxAge === 'number' && maxAge > absolute) {
    throw new RangeError(
      `options.maxAge is ${maxAge}, but sessions end after lifetime.absolute, ${absolute} seconds; set maxAge to at most that`,
    )
  }
}

/** The lifetime of a single session: it can shorten `absolute`, never extend it. */
export function ownLifetime(
  { idle, absolute }: Lifetime,
  defaults: Readonly<FullLifetime>,
): Readonly<FullLifetime> {
  if (idle === undefined && absolute === undefined) return defaults
  return {
    idle: idle ?? defaults.idle,
    absolute: Math.min(absolute ?? defaults.absolute, defaults.absolute),
    renewAfter: defaults.renewAfter,
  }
}

/** True when the three values are equal. */
export function isSameLifetime(a: Readonly<FullLifetime>, b: Readonly<FullLifetime>): boolean {
  return a.idle === b.idle && a.absolute === b.absolute && a.renewAfter === b.renewAfter
}

/** 24 hours idle, 30 days in total: the defaults of every store. */
export const defaultLifetime: Readonly<FullLifetime> = {
  idle: 86_400,
  absolute: thirtyDays,
  renewAfter: renewalOf(86_400),
}

function renewalOf(idle: number): number {
  return Math.max(60, Math.floor(idle / 20))
}

/**
 * True when a session that was last renewed `age` seconds ago is due for renewal: after `renewAfter` (a
 * twentieth of `maxAge`, if that is more), and never later than half of its idle time.
 *
 * @param maxAge - the idle time in seconds, if the session set one with its own Max-Age
 */
export function isRenewalDue(
  age: number,
  maxAge: number | undefined,
  { idle, renewAfter }: Readonly<FullLifetime>,
): boolean {
  return age >= Math.min(Math.max(renewAfter, (maxAge ?? 0) / 20), (maxAge ?? idle) / 2)
}

/**
 * True when an expiry should be extended to `renewed`: renewing for less than a twentieth of the time left is
 * not worth a write. For records that carry an expiry and no lifetime, such as express-session's.
 */
export function isExtensionDue(expires: number, renewed: number, now: number): boolean {
  return Math.abs(renewed - expires) >= (renewed - now) / 20
}
