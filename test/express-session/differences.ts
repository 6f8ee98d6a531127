/** Where ours answers otherwise than express-session, and why. `docs/express-session.md` says the same. */

export interface Difference {
  /** The row in the documentation. */
  readonly what: string
  readonly reason: string
}

export const differences = {
  'save-fails': {
    what: 'a session that cannot be saved',
    reason: 'The error handlers answer. express-session has sent the answer by then.',
  },
  'saved-first': {
    what: 'when a session is saved',
    reason: 'Before the head of the response, so that the next request finds it.',
  },
  merged: {
    what: 'two requests that save at once',
    reason: 'Both are kept, key by key.',
  },
  ended: {
    what: 'saving a session that ended meanwhile',
    reason: 'It stays ended, and its cookie is not set again.',
  },
  resave: {
    what: '`resave`',
    reason: 'What was read is never written back. Stores without `touch` get what they have now.',
  },
  'cookie-changes': {
    what: 'changing `request.session.cookie` alone',
    reason: 'It is kept and sent like any other change.',
  },
  'saved-empty': {
    what: '`save()` of a new and empty session',
    reason: 'Who gets a record gets its cookie.',
  },
  'two-regenerations': {
    what: 'two `regenerate` at once',
    reason: 'They are one: what either puts into the new session stays.',
  },
  'destroyed-save': {
    what: '`save()` after `destroy()`',
    reason: 'It does nothing.',
  },
  'unheard-failure': {
    what: 'a `destroy()` without callback that fails',
    reason: 'The error handlers answer. A sign-out that failed must not look like one.',
  },
  'wrong-options': {
    what: 'wrong options and attributes',
    reason: 'A TypeError or RangeError when the app starts, not at each request.',
  },
  genid: {
    what: '`genid` that answers no text, or an id that there is',
    reason: 'An error. It would be no session, or the session of somebody else.',
  },
  'auto-of-function': {
    what: "`'auto'` from a `cookie` function",
    reason: 'It counts, as in an object.',
  },
  'path-match': {
    what: '`cookie.path` `/admin` and a request for `/administrator`',
    reason: 'There is no session: browsers send no cookie there (RFC 6265 §5.1.4).',
  },
  'several-cookies': {
    what: 'several cookies of the name',
    reason: 'The first that was signed counts, so that nobody is locked out by a planted one.',
  },
  'parsed-cookies': {
    what: '`request.cookies`, `request.signedCookies` and `request.secret` of cookie-parser',
    reason: 'Not looked at. The `Cookie` header is there.',
  },
  'plain-session': {
    what: 'another object at `request.session`',
    reason: 'An error that says so.',
  },
  headers: {
    what: '`Vary: Cookie`, and `Cache-Control: no-store` with a cookie',
    reason: 'No cache gives one visitor’s cookie to another.',
  },
  answers: {
    what: 'what `save` and `reload` answer',
    reason: 'The session, as their types say.',
  },
  'ids-in-lists': {
    what: '`MemoryStore.all`',
    reason: 'A list without ids, of which no cookie can be made.',
  },
} as const satisfies Record<string, Difference>

export type DifferenceId = keyof typeof differences
