/** How our behaviour differs from express-session's, and why. `docs/express-session.md` has the same rows. */

export interface Difference {
  /** The first column of the table in the documentation. */
  readonly what: string
  /** The second column. */
  readonly ours: string
}

export const differences = {
  'save-fails': {
    what: 'A save, a touch, or a deletion by `unset` fails',
    ours: 'The error handlers respond. express-session has already sent the response.',
  },
  'saved-first': {
    what: 'When a session is saved',
    ours: 'Before the head of the response is sent, so that the next request finds it.',
  },
  merged: {
    what: 'Two requests save concurrently',
    ours: 'Their changes are merged key by key.',
  },
  ended: {
    what: 'A save after another request has destroyed the session',
    ours: 'The session stays destroyed, and its cookie is not set again.',
  },
  resave: {
    what: '`resave`',
    ours: 'Old data is never written back: the record is read again and rewritten. Backends ignore the option.',
  },
  'cookie-changes': {
    what: 'A change to `request.session.cookie` only',
    ours: 'It is saved and sent like any other change.',
  },
  'saved-empty': {
    what: '`save()` of a new, empty session',
    ours: 'The cookie is also set, because a record without a cookie can never be read.',
  },
  'two-regenerations': {
    what: 'Two concurrent calls of `regenerate()`',
    ours: 'They share one new session, so that the values of both callers are kept.',
  },
  'destroyed-save': {
    what: '`save()` after `destroy()`',
    ours: 'It is a no-op.',
  },
  'unheard-failure': {
    what: 'A `destroy()` without a callback fails',
    ours: 'The error handlers respond, so that a failed sign-out does not look successful.',
  },
  'wrong-options': {
    what: 'Unknown or invalid options and cookie attributes',
    ours: 'A TypeError or RangeError when the app starts, not an error after each response. This includes an infinite `maxAge` and an invalid `expires`.',
  },
  genid: {
    what: '`genid` returns no string, or an existing id',
    ours: "An error, because the visitor would get no session, or another visitor's session.",
  },
  'auto-of-function': {
    what: "`'auto'` attributes returned by a `cookie` function",
    ours: 'They are resolved, as in a `cookie` object.',
  },
  'path-match': {
    what: '`cookie.path` `/admin` and a request for `/administrator`',
    ours: 'No session, because browsers send no cookie there (RFC 6265 §5.1.4).',
  },
  'several-cookies': {
    what: 'Several cookies with the name',
    ours: 'The first of at most eight with a valid signature is used, so that a planted cookie cannot lock a visitor out.',
  },
  'plain-session': {
    what: '`request.session` is replaced by another object',
    ours: 'An error that names the mistake.',
  },
  headers: {
    what: '`Vary: Cookie`, and `Cache-Control: no-store` with a cookie',
    ours: 'Set, so that no cache sends one visitor’s cookie to another.',
  },
  'return-values': {
    what: 'The return value of `save()` and `reload()`',
    ours: 'The session, as declared by `@types/express-session`.',
  },
  'ids-in-lists': {
    what: '`MemoryStore.all`',
    ours: 'Returns a list without session ids.',
  },
} as const satisfies Record<string, Difference>

export type DifferenceId = keyof typeof differences
