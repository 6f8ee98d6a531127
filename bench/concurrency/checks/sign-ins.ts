/**
 * A history, arranged by sign-ins: every login begins a session, which keeps its token under all its ids.
 *
 * An acknowledged request took effect between `sent` and `received`. A request that failed may take effect at
 * any time after `sent`, or never: a paused server executes it when it is resumed.
 *
 * @module
 */

import type { Entry, History, Operation } from '../operations.ts'

export type EntryOf<Kind extends Operation['kind']> = Entry & {
  readonly operation: Extract<Operation, { kind: Kind }>
}

/** A session that a login has begun. */
export interface SignIn {
  readonly token: string
  readonly owner: string
  readonly login: Entry
  /** The cookies that led to the session, and the requests that set them. */
  readonly cookies: Map<string, Entry>
  /** All requests in this session, apart from its login. The session of a request that failed is the cookie's. */
  readonly requests: Entry[]
  /** Requests that may have ended the session. */
  readonly enders: Entry[]
  /** When a request had been acknowledged that has ended the session for certain; Infinity without one. */
  endedAt: number
}

/** A history, arranged by sign-ins. */
export interface SignIns {
  readonly byToken: ReadonlyMap<string, SignIn>
  /** The sign-in that each cookie belongs to. */
  readonly byCookie: ReadonlyMap<string, SignIn>
}

/** Returns whether the request is of this kind. */
export function isKind<Kind extends Operation['kind']>(
  entry: Entry,
  ...kinds: Kind[]
): entry is EntryOf<Kind> {
  return (kinds as string[]).includes(entry.operation.kind)
}

export function isAcknowledged({ outcome }: Entry): boolean {
  return outcome === 'acknowledged'
}

/**
 * A request finds the changes that were acknowledged before this time: before it was sent, and before another one
 * began to end the session. A session that is being ended may drop changes, and still be read.
 */
export function changesUntil({ enders }: SignIn, { sent }: Entry): number {
  const ending = enders.filter(ender => isAcknowledged(ender) && ender.received > sent)
  return Math.min(sent, ...ending.map(ender => ender.sent))
}

/** The latest time at which the request can have taken effect. */
export function latestEffect(entry: Entry): number {
  return isAcknowledged(entry) ? entry.received : Number.POSITIVE_INFINITY
}

/** Returns whether the request gives the session a new id, or may have done so. */
export function mayRotate(entry: Entry): boolean {
  if (!isKind(entry, 'rotate', 'elevate')) return false
  // An acknowledged request without a new cookie has found the session ended or already rotated.
  return !isAcknowledged(entry) || Boolean(entry.newCookie)
}

/** Returns whether a rotation failed, so that the session may have an id that no cookie leads to. */
export function hasFailedRotation({ requests }: SignIn): boolean {
  return requests.some(entry => mayRotate(entry) && !isAcknowledged(entry))
}

export function signInsOf({ entries }: History): SignIns {
  const byToken = new Map<string, SignIn>()
  const byCookie = new Map<string, SignIn>()
  for (const entry of entries) if (isKind(entry, 'login')) byToken.set(...signInOf(entry))
  // A cookie was set before it was sent.
  for (const entry of entries) {
    const { operation, reply, newCookie, cookie } = entry
    if (!newCookie || newCookie === cookie) continue
    const token = operation.kind === 'login' ? operation.token : reply?.loaded?.token
    const signIn = byToken.get(token ?? '')
    if (!signIn || signIn.cookies.has(newCookie)) continue
    signIn.cookies.set(newCookie, entry)
    byCookie.set(newCookie, signIn)
  }
  for (const entry of entries) {
    const { reply, cookie = '' } = entry
    const signIn = reply ? byToken.get(reply.loaded?.token ?? '') : byCookie.get(cookie)
    signIn?.requests.push(entry)
    if (signIn && isKind(entry, 'login', 'logout')) noteEnd(signIn, entry)
    if (isKind(entry, 'revoke') && (!reply || reply.revoked)) {
      const revoked = byToken.get(entry.operation.token)
      if (revoked) noteEnd(revoked, entry)
    }
  }
  noteEndsOfOwners(entries, [...byToken.values()])
  return { byToken, byCookie }
}

function signInOf(login: EntryOf<'login'>): [string, SignIn] {
  const { token, owner } = login.operation
  const endedAt = Number.POSITIVE_INFINITY
  return [token, { token, owner, login, cookies: new Map(), requests: [], enders: [], endedAt }]
}

function noteEnd(signIn: SignIn, entry: Entry): void {
  signIn.enders.push(entry)
  if (isAcknowledged(entry)) signIn.endedAt = Math.min(signIn.endedAt, entry.received)
}

function noteEndsOfOwners(entries: readonly Entry[], signIns: readonly SignIn[]): void {
  const all = entries.filter(entry => isKind(entry, 'revokeAll', 'revokeOthers'))
  for (const signIn of signIns) {
    const { token, owner, login, cookies } = signIn
    for (const entry of all) {
      if (entry.operation.owner !== owner) continue
      if (entry.operation.kind === 'revokeOthers') {
        const { reply, cookie = '' } = entry
        // Without a session to spare, the app does nothing.
        if (reply && reply.loaded?.token === undefined) continue
        if (reply ? reply.loaded?.token === token : cookies.has(cookie)) continue
      }
      // Sessions that begin after it live on. One that begins at the same time may do either.
      if (latestEffect(entry) <= login.sent) continue
      const hadBegun = isAcknowledged(login) && login.received <= entry.sent
      if (hadBegun) noteEnd(signIn, entry)
      else signIn.enders.push(entry)
    }
  }
}
