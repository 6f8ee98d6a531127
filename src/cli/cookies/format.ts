/**
 * What is known about a cookie, and how a format contributes to it.
 *
 * @module
 */

import type { LoadedKey } from '../lib/keys.ts'

/** A cookie whose chunks are joined. */
export interface Cookie {
  /** undefined if only the value is known. */
  readonly name: string | undefined
  readonly value: string
  /** Returns another cookie of the same request, such as a signature. */
  readonly other: (name: string) => string | undefined
}

/** What a cookie says, by label. A Date is shown with its distance from now. */
export type Facts = Readonly<Record<string, string | number | Date>>

/** A cookie in a known format. */
export interface Recognized {
  /** A short name for programs, such as `sealed`. */
  readonly format: string
  /** The format for people: the library, and what the cookie holds. */
  readonly title: string
  /** What can be read without a key. */
  readonly facts: Facts
  /** The values, if the format does not encrypt them. */
  readonly readable?: { readonly value: unknown }
  /** The names of the other cookies that belong to this one. */
  readonly parts?: readonly string[]
  /**
   * Checks the cookie with the keys, of which there is at least one. Missing for formats without keys.
   *
   * @param now - Unix time in seconds
   */
  readonly check?: (keys: readonly LoadedKey[], now: number) => Check | Promise<Check>
}

export type Check = Verified | Unverified

/** A cookie that one of the keys has made. */
export interface Verified {
  readonly status: 'verified'
  /** The index of the key in the list. */
  readonly key: number
  /** Replaces the title, if the content says more. */
  readonly title?: string
  readonly facts: Facts
  readonly content?: { readonly value: unknown }
  /** Why stores refuse the cookie nevertheless, such as `It has expired.` */
  readonly problem?: string
  readonly remarks?: readonly string[]
}

export interface Unverified {
  /** `refused`: no key has made the cookie. `unchecked`: something besides keys is missing. */
  readonly status: 'refused' | 'unchecked'
  readonly reason: string
}

/** Returns what a value in this format is, or undefined for a value in another one. Takes linear time. */
export type Format = (cookie: Cookie) => Recognized | undefined

/** For a cookie that none of the keys has made. `detail` begins with a space or a comma. */
export function refusedBy(keys: readonly LoadedKey[], detail = ''): Unverified {
  const subject =
    keys.length === 1 ? 'The key did not make' : `None of the ${keys.length} keys made`
  return { status: 'refused', reason: `${subject} this cookie${detail}.` }
}

/** `undefined` for a time that no Date can have. */
export function dateOf(seconds: number): Date | undefined {
  const date = new Date(seconds * 1000)
  return Number.isNaN(date.getTime()) ? undefined : date
}

/** An object of facts, with dates that exist only. */
export function times(times: Readonly<Record<string, number | undefined>>): Facts {
  const facts: Record<string, Date> = {}
  for (const [label, seconds] of Object.entries(times)) {
    const date = seconds === undefined ? undefined : dateOf(seconds)
    if (date) facts[label] = date
  }
  return facts
}

/** The beginning of an id. A whole id is as good as the cookie. */
export function shortId(id: string): string {
  return id.length > 12 ? `${id.slice(0, 6)}…` : '…'
}
