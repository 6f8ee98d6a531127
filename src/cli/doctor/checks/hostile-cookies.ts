import { type Exchange, ofStep } from '../exchange.ts'
import { type Check, type Finding, withoutSession } from './check.ts'

/** Cookies that the app has not issued: changed, malformed, very long, twice. */
export const hostileCookies: Check = {
  name: 'hostile cookies',
  codes: ['bad-cookie-error', 'tampered-cookie-accepted'],
  skip: withoutSession,
  run: ({ exchanges, isSignedIn, sessions }) => {
    const failed = ofStep(
      exchanges,
      'a changed character',
      'a malformed value',
      'a very long value',
      'two values',
      'a made-up session id',
    ).filter(isFailure)
    const accepted = ofStep(exchanges, 'a changed character')
      .filter(exchange => isSignedIn?.(exchange))
      // Without a signature, unsigned-content reports it.
      .filter(
        ({ target }) => sessions.find(({ name }) => name === target)?.format.protection !== 'none',
      )
    return [
      ...failed.map(
        (exchange): Finding => ({
          code: 'bad-cookie-error',
          ...(exchange.target !== undefined && { cookie: exchange.target }),
          evidence: `${exchange.target} with ${exchange.step}: ${outcomeOf(exchange)}`,
        }),
      ),
      ...accepted.map(
        ({ target = '' }): Finding => ({
          code: 'tampered-cookie-accepted',
          cookie: target,
          evidence: `signed in with a changed character in ${target}`,
        }),
      ),
    ]
  },
}

function isFailure({ step, response }: Exchange): boolean {
  // Servers may close the connection when headers are too long.
  if (!response) return step !== 'a very long value'
  return response.status >= 500
}

function outcomeOf({ response }: Exchange): string {
  return response ? `status ${response.status}` : 'no response'
}
