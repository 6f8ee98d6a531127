/**
 * The operations that visitors perform, and the log of what happened to them.
 *
 * @module
 */

/** The lists of flash messages: `flashes` reads the first one, `takeFlashes` the second. */
export type List = 'notes' | 'inbox'

export const keyPrefix = 'key-'

/** What one request does. */
export type Operation =
  /** Signs the owner in. `token` identifies the session from then on: it is stored in it, and is its label. */
  | { readonly kind: 'login'; readonly owner: string; readonly token: string }
  /** Reads the session and changes nothing. */
  | { readonly kind: 'read' }
  /** Sets a key that only one worker writes. It begins with {@link keyPrefix}. */
  | { readonly kind: 'set'; readonly key: string; readonly value: number }
  /** Increments the counter of the session. */
  | { readonly kind: 'increment' }
  /** Adds a unique flash message. */
  | { readonly kind: 'addFlash'; readonly list: List; readonly message: string }
  /** Consumes flash messages: `notes` with `flashes`, `inbox` with `takeFlashes`. */
  | { readonly kind: 'consume'; readonly list: List }
  /** Gives the session a new id. `increments` adds an increment to the same save. */
  | { readonly kind: 'rotate' | 'elevate'; readonly increments: boolean }
  /** Destroys the session. */
  | { readonly kind: 'logout' }
  /** Lists the sessions of an owner. */
  | { readonly kind: 'sessionsOf'; readonly owner: string }
  /** Ends the session with this token, by its handle in the list of its owner. */
  | { readonly kind: 'revoke'; readonly owner: string; readonly token: string }
  /** Ends all sessions of an owner. */
  | { readonly kind: 'revokeAll'; readonly owner: string }
  /** Ends all sessions of the owner except the one that the request belongs to. */
  | { readonly kind: 'revokeOthers'; readonly owner: string }

export type Kind = Operation['kind']

/** The session of a request as it was loaded, before the operation changed it. */
export interface Loaded {
  /** The token of the session; undefined if the request was not signed in. */
  readonly token?: string | undefined
  readonly owner?: string | undefined
  readonly count: number
  readonly keys: Readonly<Record<string, number>>
  /** The pending flash messages. */
  readonly pending: Readonly<Record<List, readonly string[]>>
}

/** What the app responds. Operations other than `login` do nothing in a session that is not signed in. */
export interface Reply {
  /** Left out by operations that need no session. */
  readonly loaded?: Loaded | undefined
  /** The messages that the request consumed. */
  readonly consumed?: readonly string[] | undefined
  /** The tokens of the sessions that were listed. */
  readonly listed?: readonly string[] | undefined
  /** Whether `revoke` ended a session. */
  readonly revoked?: boolean | undefined
}

/** The log entry of one request. */
export interface Entry {
  readonly operation: Operation
  /** The value of the cookie that was sent. */
  readonly cookie?: string | undefined
  /**
   * `refused`: the response was an error. `unknown`: there was no response. Both may have been applied
   * nevertheless, also later.
   */
  readonly outcome: 'acknowledged' | 'refused' | 'unknown'
  /** The response of an acknowledged request. */
  readonly reply?: Reply | undefined
  /** The value of the cookie that an acknowledged request has set; empty if it has deleted the cookie. */
  readonly newCookie?: string | undefined
  /** The code or the name of the error, and its message. */
  readonly error?: { readonly code: string; readonly message: string } | undefined
  /** When the request was sent and when the response had arrived, in milliseconds of one clock. */
  readonly sent: number
  readonly received: number
  /** Whether it was sent after all others had ended, to read the final state. */
  readonly isFinal?: boolean | undefined
}

/** The requests of a trial, and when servers or connections were failing. */
export interface History {
  readonly entries: readonly Entry[]
  readonly faults: readonly { readonly from: number; readonly until: number }[]
}

/** Weights of the operations. */
export type Mix = Partial<Record<Kind, number>>

/** Changes that keep the visitor signed in. */
const changes: Mix = {
  read: 14,
  set: 14,
  increment: 26,
  addFlash: 14,
  consume: 8,
  rotate: 8,
  elevate: 4,
}

/** The mixes, by what the store can do and by what happens to the sessions of an owner. */
export const mixes = {
  /** Sessions that nobody ends, so that many changes meet in them. */
  steady: { ...changes, sessionsOf: 2, revokeOthers: 1 },
  /** Sessions that end in every way. */
  busy: {
    ...changes,
    login: 5,
    logout: 3,
    sessionsOf: 5,
    revoke: 4,
    revokeAll: 2,
    revokeOthers: 3,
  },
} satisfies Record<string, Mix>

/** Returns a random kind of operation, among those that the store supports. */
export function randomKind(mix: Mix, supported: ReadonlySet<Kind>, random: () => number): Kind {
  const weights = (Object.entries(mix) as [Kind, number][]).filter(([kind]) => supported.has(kind))
  let rest = random() * weights.reduce((sum, [, weight]) => sum + weight, 0)
  for (const [kind, weight] of weights) {
    rest -= weight
    if (rest < 0) return kind
  }
  return 'read'
}

/** The kinds that need an owner index. */
const ownerKinds: readonly Kind[] = ['sessionsOf', 'revoke', 'revokeAll', 'revokeOthers']

export const allKinds: ReadonlySet<Kind> = new Set(Object.keys(mixes.busy) as Kind[])

export const kindsWithoutOwners: ReadonlySet<Kind> = new Set(
  [...allKinds].filter(kind => !ownerKinds.includes(kind)),
)
