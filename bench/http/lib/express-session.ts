/** The options that express-session and its replacement are measured with. */

import { cookieAttributes, cookieName, maxAge } from '../content.ts'

export const expressSessionOptions = {
  name: cookieName,
  secret: 'a secret of the benchmark',
  resave: false,
  saveUninitialized: false,
  cookie: { ...cookieAttributes, maxAge: maxAge * 1000 },
}
