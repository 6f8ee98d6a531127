import type { Code } from '../codes.ts'
import type { Evidence } from '../evidence.ts'
import { ofStep, type Step } from '../exchange.ts'
import { type Check, type Finding, withoutLogin } from './check.ts'

/** What happens to sessions at a sign-in. */
export const login: Check = {
  name: 'login',
  codes: ['session-fixation', 'planted-id-adopted'],
  skip: withoutLogin,
  run: evidence => [
    ...signedInAt(evidence, 'the cookies from before the sign-in', 'session-fixation'),
    ...signedInAt(evidence, 'a made-up session id', 'planted-id-adopted'),
  ],
}

/** What happens to sessions at a sign-out. */
export const logout: Check = {
  name: 'logout',
  codes: ['logout-replay'],
  skip: evidence => withoutLogin(evidence) ?? withoutLogout(evidence),
  run: evidence => signedInAt(evidence, 'the cookies from before the sign-out', 'logout-replay'),
}

function withoutLogout({ exchanges }: Evidence): string | undefined {
  const hasLogout = ofStep(exchanges, 'logout').length > 0
  return hasLogout ? undefined : 'needs --logout-url'
}

function signedInAt(evidence: Evidence, step: Step, code: Code): Finding[] {
  const { exchanges, isSignedIn, sessions } = evidence
  const session = sessions.find(({ isDecisive }) => isDecisive) ?? sessions[0]
  return ofStep(exchanges, step)
    .filter(exchange => isSignedIn?.(exchange))
    .map(({ method, url }) => ({
      code,
      ...(session && { cookie: session.name }),
      evidence: `signed in at ${method} ${url.pathname} with ${step}`,
    }))
}
