/** The cells of docs/comparison.md that can be observed, against the installed versions. */

import { checkRows } from './columns.ts'
import { inCookies, onServer } from './libraries.ts'
import * as probes from './probes.ts'

checkRows('Values in the cookie', inCookies, {
  values: probes.values,
  'several keys': probes.rotation,
  'a copy works after sign-out': probes.copyAfterSignOut,
  'a copy works after expiry': probes.copyAfterExpiry,
})
checkRows('Size and attributes', inCookies, {
  'cookie for an unchanged session': probes.cookieForLooking,
  'default attributes': probes.attributes,
  'a session of 6 kB': probes.tooLarge,
  'cache headers': probes.caching,
})
checkRows('Values on the server', onServer, {
  'new id at sign-in': probes.newIdAtSignIn,
  'cookie for an unchanged session': probes.cookieForLooking,
  'default attributes': probes.attributes,
})
checkRows('Writes', onServer, {
  'written before the client has the head': probes.writtenFirst,
  'a write that fails': probes.failedWrite,
  'cache headers': probes.caching,
})
checkRows(
  'Concurrent requests',
  { ...inCookies, ...onServer },
  {
    'both of two changes are kept': probes.concurrentChanges,
    'a sign-out is final': probes.signOutIsFinal,
  },
)
