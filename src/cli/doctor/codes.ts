/**
 * What the doctor can find: for each code what it means and the fix. docs/cli/doctor.md explains them; a test compares
 * the two.
 *
 * @module
 */

import type { Library } from './cookie-format.ts'

/** Faults make the exit code 1. Hints may be deliberate. */
export type Severity = 'fault' | 'hint'

export interface Definition {
  readonly severity: Severity
  readonly title: string
  /** The fix in any library. */
  readonly fix: string
  /** The fix in the libraries that are recognised. */
  readonly options?: Partial<Readonly<Record<Library, string>>>
}

/** Where the libraries take an attribute of the session cookie. */
function attribute(option: string, go: string): Record<Library, string> {
  return {
    'express-session': `cookie: { ${option} }`,
    'cookie-session': option,
    'iron-session': `cookieOptions: { ${option} }`,
    '@fastify/session': `cookie: { ${option} }`,
    '@fastify/secure-session': `cookie: { ${option} }`,
    'koa-session': option,
    Silverback: `options: { ${option} }`,
    'gorilla/sessions': `store.Options.${go}`,
  }
}

const renewal: Definition['options'] = {
  'express-session': 'request.session.regenerate(callback) before the user is stored in it',
  '@fastify/session': 'await request.session.regenerate() before the user is stored in it',
  '@fastify/secure-session': 'request.session.regenerate() before the user is stored in it',
  'koa-session': 'ctx.session.regenerate() before the user is stored in it',
  Silverback: 'session.login(userId)',
}

const regularName: Definition['options'] = {
  'express-session': "name: 'sid'",
  'cookie-session': "name: 'session'",
  'iron-session': "cookieName: 'session'",
  '@fastify/session': "cookieName: 'sid'",
  '@fastify/secure-session': "cookieName: 'session'",
  'koa-session': "key: 'session'",
}

const hostPrefix: Definition['options'] = {
  'express-session': "name: '__Host-sid'",
  'cookie-session': "name: '__Host-session'",
  'iron-session': "cookieName: '__Host-session'",
  '@fastify/session': "cookieName: '__Host-sid'",
  '@fastify/secure-session': "cookieName: '__Host-session'",
  'koa-session': "key: '__Host-session'",
  Silverback: "store.get(request, '__Host-session')",
  'gorilla/sessions': 'store.Get(request, "__Host-session")',
}

const onlyIfUsed: Definition['options'] = {
  'express-session': 'saveUninitialized: false',
  '@fastify/session': 'saveUninitialized: false',
}

const serverSide: Definition['options'] = {
  'cookie-session': 'store only an id in it, and the data on the server',
  'iron-session': 'store only an id in it, and the data on the server',
  '@fastify/secure-session': 'use @fastify/session with a store',
  'koa-session': 'set the option store',
  Silverback: "use ServerStore, or tooLarge: 'chunk'",
  'gorilla/sessions': 'use a store that keeps sessions on the server',
}

const renewOnChange: Definition['options'] = {
  'express-session': 'resave: false and rolling: false',
  '@fastify/session': 'rolling: false',
  'koa-session': 'rolling: false; renew: true extends sessions that are about to expire',
}

export const definitions = {
  'not-http-only': {
    severity: 'fault',
    title: 'Scripts in the page can read the session cookie',
    fix: 'Set the attribute HttpOnly.',
    options: attribute('httpOnly: true', 'HttpOnly = true'),
  },
  'not-secure': {
    severity: 'fault',
    title: 'The session cookie is also sent over connections without encryption',
    fix: 'Serve the app over HTTPS and set the attribute Secure.',
    options: {
      ...attribute('secure: true', 'Secure = true'),
      'express-session': "cookie: { secure: true }, and app.set('trust proxy', 1) behind a proxy",
      Silverback: "options: { secure: true }, or 'auto' with trustProxy",
    },
  },
  'secure-over-http': {
    severity: 'fault',
    title: 'Browsers drop the session cookie: it is Secure, but was set over HTTP',
    fix: 'Serve the app over HTTPS and redirect from HTTP.',
  },
  'no-same-site': {
    severity: 'fault',
    title:
      'The session cookie has no SameSite, so some browsers send it with requests of other sites',
    fix: 'Set the attribute SameSite=Lax.',
    options: attribute("sameSite: 'lax'", 'SameSite = http.SameSiteLaxMode'),
  },
  'same-site-none-insecure': {
    severity: 'fault',
    title: 'Browsers drop the session cookie: SameSite=None requires Secure',
    fix: 'Set SameSite=Lax or, if other sites embed the app, add Secure.',
    options: attribute("sameSite: 'lax'", 'SameSite = http.SameSiteLaxMode'),
  },
  'same-site-none': {
    severity: 'hint',
    title: 'SameSite=None: requests of other sites carry the session',
    fix: 'Set SameSite=Lax unless other sites embed the app. If they do, protect every form with a CSRF token.',
    options: attribute("sameSite: 'lax'", 'SameSite = http.SameSiteLaxMode'),
  },
  'domain-mismatch': {
    severity: 'fault',
    title: 'Browsers drop the session cookie: its Domain is not this host or a parent of it',
    fix: 'Remove the attribute Domain.',
    options: attribute('domain: undefined', 'Domain = ""'),
  },
  'wide-domain': {
    severity: 'hint',
    title: 'The session cookie is sent to other hosts too',
    fix: 'Remove the attribute Domain, unless the hosts share the session on purpose.',
    options: attribute('domain: undefined', 'Domain = ""'),
  },
  'no-path': {
    severity: 'fault',
    title: 'The session cookie has no Path, so each folder of the site gets its own',
    fix: 'Set Path=/.',
    options: attribute("path: '/'", 'Path = "/"'),
  },
  'narrow-path': {
    severity: 'hint',
    title: 'Browsers do not send the session cookie to the page that has set it',
    fix: 'Set Path=/, or a path that covers the page.',
    options: attribute("path: '/'", 'Path = "/"'),
  },
  'long-lifetime': {
    severity: 'fault',
    title: 'The session cookie lasts longer than the 400 days that browsers keep cookies',
    fix: 'Choose a shorter lifetime. Check the unit: some libraries take seconds, others milliseconds.',
    options: {
      ...attribute('maxAge: 86_400', 'MaxAge = 86400'),
      'express-session': 'cookie: { maxAge: 86_400_000 } (milliseconds)',
      'cookie-session': 'maxAge: 86_400_000 (milliseconds)',
      'iron-session': 'ttl: 86_400 (seconds)',
      '@fastify/session': 'cookie: { maxAge: 86_400_000 } (milliseconds)',
      'koa-session': 'maxAge: 86_400_000 (milliseconds)',
    },
  },
  'invalid-lifetime': {
    severity: 'fault',
    title: 'Browsers ignore the lifetime of the session cookie',
    fix: 'Max-Age must be a whole number of seconds, and Expires a date.',
  },
  'expired-at-once': {
    severity: 'fault',
    title: 'The session cookie is already expired when it is set',
    fix: 'Choose a lifetime above 0, and check the clock of the server.',
  },
  'lifetimes-differ': {
    severity: 'hint',
    title: 'Max-Age and Expires of the session cookie differ',
    fix: 'Remove one of them. Browsers use Max-Age.',
  },
  'prefix-violated': {
    severity: 'fault',
    title: 'Browsers drop the session cookie: its attributes break the rules of its prefix',
    fix: '__Secure- requires Secure; __Host- also requires Path=/ and no Domain.',
    options: regularName,
  },
  'prefix-would-fit': {
    severity: 'hint',
    title:
      'The session cookie could have a __Host- prefix, which keeps other subdomains from setting it',
    fix: 'Put __Host- in front of its name.',
    options: hostPrefix,
  },
  'odd-name': {
    severity: 'fault',
    title: 'Browsers and servers do not agree on the name of a cookie',
    fix: 'Use letters, digits, - and _ for names of cookies.',
    options: regularName,
  },
  'repeated-set-cookie': {
    severity: 'fault',
    title: 'One response sets the session cookie more than once',
    fix: 'Save the session once per response; check that the middleware is installed only once.',
  },
  'several-cookies-of-one-name': {
    severity: 'fault',
    title: 'Browsers send two session cookies of one name, and the server picks one of them',
    fix: 'Set the cookie with the same Path and Domain everywhere, and delete the ones of earlier releases.',
  },
  'cookie-too-large': {
    severity: 'fault',
    title: 'Browsers drop the session cookie: its name and value exceed 4096 bytes',
    fix: 'Store less in the session, or store it on the server.',
    options: serverSide,
  },
  'cookies-too-large': {
    severity: 'fault',
    title: 'The Cookie header exceeds 8 KB, which many servers and proxies refuse',
    fix: 'Store less in cookies.',
    options: serverSide,
  },
  'unsigned-content': {
    severity: 'fault',
    title:
      'Visitors can read and change the content of the session: it is in the cookie without a signature',
    fix: 'Sign or encrypt the cookie, or store the session on the server.',
    options: {
      'cookie-session': 'signed: true and keys: [secret]',
      'koa-session': 'signed: true and app.keys = [secret]',
    },
  },
  'readable-content': {
    severity: 'hint',
    title: 'Visitors can read the content of the session: the cookie is signed, but not encrypted',
    fix: 'Store nothing in it that the user must not see, or encrypt it.',
    options: {
      'cookie-session': 'use iron-session or the CookieStore of Silverback, which encrypt',
      'koa-session': 'set the option store, or encode and decode with encryption',
      'gorilla/sessions': 'pass a block key as the second key of the pair',
    },
  },
  'short-id': {
    severity: 'fault',
    title: 'Session ids are so short that they can be guessed',
    fix: 'Use ids with at least 128 random bits from a cryptographic generator.',
    options: {
      'express-session': 'remove the option genid',
      '@fastify/session': 'remove the option idGenerator',
      'koa-session': 'remove the option genid',
    },
  },
  'predictable-id': {
    severity: 'fault',
    title: 'Session ids of different visitors are almost identical',
    fix: 'Use ids with at least 128 random bits from a cryptographic generator, and cache no response that sets one.',
  },
  'cacheable-set-cookie': {
    severity: 'fault',
    title:
      'A shared cache may store a response that sets the session cookie, and serve it to other visitors',
    fix: 'Send Cache-Control: no-store with responses that set the session cookie.',
    options: {
      'express-session':
        "response.set('Cache-Control', 'no-store') in a middleware before the pages",
      'cookie-session':
        "response.set('Cache-Control', 'no-store') in a middleware before the pages",
      '@fastify/session': "reply.header('Cache-Control', 'no-store') in an onRequest hook",
      '@fastify/secure-session': "reply.header('Cache-Control', 'no-store') in an onRequest hook",
      'koa-session': "ctx.set('Cache-Control', 'no-store') in a middleware before the pages",
      'gorilla/sessions': 'w.Header().Set("Cache-Control", "no-store") before session.Save',
    },
  },
  'cacheable-private-page': {
    severity: 'fault',
    title: 'A shared cache may store a page of a signed-in user, and serve it to others',
    fix: 'Send Cache-Control: private or no-store, or at least Vary: Cookie, with pages that depend on the session.',
  },
  'session-for-everyone': {
    severity: 'fault',
    title: 'Every request without a session starts one, even for a page that does not exist',
    fix: 'Start a session only when there is something to store in it. Otherwise crawlers fill the store.',
    options: onlyIfUsed,
  },
  'set-on-every-request': {
    severity: 'hint',
    title: 'Every response sets the session cookie again',
    fix: 'Save a session only if it has changed or is about to expire.',
    options: renewOnChange,
  },
  'session-fixation': {
    severity: 'fault',
    title: 'Session fixation: the session from before the sign-in is signed in afterwards',
    fix: 'Give the session a new id at sign-in, and delete the old one.',
    options: renewal,
  },
  'planted-id-adopted': {
    severity: 'fault',
    title: 'The app adopts session ids that it has not issued',
    fix: 'Ignore ids that are not in the store, and generate new ones.',
    options: renewal,
  },
  'logout-replay': {
    severity: 'fault',
    title: 'The session cookie still works after the sign-out',
    fix: 'End the session on the server at sign-out, not only the cookie in the browser.',
    options: {
      'express-session': 'request.session.destroy(callback)',
      'cookie-session': 'keep sessions on the server, or the ids of ended ones until they expire',
      'iron-session': 'keep the ids of ended sessions on the server until their ttl is over',
      '@fastify/session': 'await request.session.destroy()',
      '@fastify/secure-session': 'use @fastify/session with a store',
      'koa-session': 'set the option store, and ctx.session = null at sign-out',
      Silverback: 'session.destroy(), and with CookieStore the option revocation',
      'gorilla/sessions': 'use a store on the server, and Options.MaxAge = -1',
    },
  },
  'tampered-cookie-accepted': {
    severity: 'fault',
    title: 'A changed session cookie is accepted',
    fix: 'Verify the whole value of the cookie with a signature.',
  },
  'bad-cookie-error': {
    severity: 'fault',
    title: 'A malformed session cookie makes the server fail',
    fix: 'Treat a cookie that cannot be decoded as if there were none.',
  },
  'forwarded-proto-trusted': {
    severity: 'hint',
    title: 'The app trusts the header X-Forwarded-Proto of any client',
    fix: 'Fine if clients can only reach it through a proxy that overwrites the header. Otherwise trust the addresses of your proxies only.',
    options: {
      'express-session': "app.set('trust proxy', 'loopback') instead of true, without proxy: true",
      '@fastify/session': "trustProxy: '127.0.0.1' instead of true",
      Silverback: "trustProxy: trustedAddresses('127.0.0.1')",
    },
  },
  'forwarded-host-trusted': {
    severity: 'hint',
    title: 'The app trusts the header X-Forwarded-Host of any client',
    fix: 'Fine if clients can only reach it through a proxy that overwrites the header. Otherwise do not build addresses from it.',
    options: {
      'express-session': "app.set('trust proxy', 'loopback') instead of true",
      '@fastify/session': "trustProxy: '127.0.0.1' instead of true",
      Silverback: "trustProxy: trustedAddresses('127.0.0.1')",
    },
  },
  'not-secure-behind-proxy': {
    severity: 'hint',
    title: 'Behind a proxy with HTTPS, the session cookie would not be Secure',
    fix: 'Fine if the app is configured differently in production. Run the doctor with --behind-proxy on that configuration.',
    options: {
      'express-session': "cookie: { secure: 'auto' } and app.set('trust proxy', 1)",
      Silverback: "options: { secure: true }, or 'auto' with trustProxy",
    },
  },
  'cross-site-form': {
    severity: 'hint',
    title:
      'The sign-in form posts to another site, and SameSite keeps the session cookie out of a POST that returns from there',
    fix: 'Let the other site return with a redirect (GET), or store what the return needs in a separate cookie with SameSite=None; Secure.',
  },
} as const satisfies Record<string, Definition>

export type Code = keyof typeof definitions

export const codes = Object.keys(definitions) as readonly Code[]

/** The definition of a code. */
export function definitionOf(code: Code): Definition {
  return definitions[code]
}
