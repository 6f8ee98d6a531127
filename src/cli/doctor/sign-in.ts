/**
 * Signs in and out, as an ordinary visitor and as an attacker.
 *
 * @module
 */

import { FailedError, UsageError } from '../lib/exit-codes.ts'
import { printable } from '../lib/style.ts'
import { baseName, type SessionCookie, sentFor, signedInTest } from './evidence.ts'
import { type Exchange, ofStep, type Pair, type Step } from './exchange.ts'
import { plantedValue } from './forged-cookies.ts'
import {
  type Credentials,
  loginSubmission,
  logoutSubmission,
  missingPasswords,
  type Submission,
  withField,
} from './login-form.ts'
import { isSameHost, type Recorder, type Visitor } from './recorder.ts'

/** How to sign in. URLs may be relative to the page. */
export interface LoginPlan {
  readonly loginUrl: string
  readonly credentials: Credentials
  /** A page that differs for signed-in users. Default: the page of the visit. */
  readonly whoamiUrl: string | undefined
  readonly logoutUrl: string | undefined
  /** Asks for a password that the credentials lack. */
  readonly askPassword: ((field: string) => Promise<string>) | undefined
}

/** A sign-in that is ready to be sent. */
export interface Login {
  readonly url: URL
  /** The protected page. */
  readonly whoami: URL
  readonly logoutUrl: URL | undefined
  readonly credentials: Credentials
  readonly submission: Submission
}

/** At most this many cookies are left out one by one, to find the one that holds the session. */
const maxCandidates = 6

/**
 * Opens the sign-in page and fills in its form. The protected page is visited before it, without cookies, and after it,
 * with those that the visitor has by then.
 *
 * Throws a {@link UsageError} if an address is on another host, or if a password is missing.
 */
export async function openLogin(
  plan: LoginPlan,
  recorder: Recorder,
  visitor: Visitor,
  page: URL,
): Promise<Login> {
  const url = appUrl('--login-url', plan.loginUrl, page)
  const whoami = appUrl('--whoami-url', plan.whoamiUrl ?? page.href, page)
  const logoutUrl =
    plan.logoutUrl === undefined ? undefined : appUrl('--logout-url', plan.logoutUrl, page)
  await recorder.send({ step: 'signed out', url: whoami })
  const opened = await visitor.go({ step: 'login page', url })
  await visitor.once({ step: 'signed out', url: whoami })
  const credentials = await completed(plan, opened)
  const submission = loginSubmission(opened, credentials)
  return { url, whoami, logoutUrl, credentials, submission }
}

async function completed(plan: LoginPlan, opened: Exchange): Promise<Credentials> {
  let { credentials } = plan
  for (const name of missingPasswords(opened, credentials)) {
    if (!plan.askPassword) {
      throw new UsageError(
        `The form at ${printable(opened.url.href)} asks for ${printable(name)}. ` +
          `Pass it in an environment variable: --form-env FORM, where FORM is '${printable(name)}=…'.`,
      )
    }
    credentials = withField(credentials, name, await plan.askPassword(name))
  }
  return credentials
}

/** Resolves an address of the app. Throws a {@link UsageError} if it is on another host. */
function appUrl(option: string, value: string, page: URL): URL {
  const url = URL.canParse(value, page.href) ? new URL(value, page) : undefined
  if (url && isSameHost(url, page)) return url
  throw new UsageError(
    `${option} must be a path or an address at ${page.origin}. The doctor visits no other host.`,
  )
}

/** Signs in. Resolves with the problem, if the protected page is the same afterwards. */
export async function signIn(
  { url, whoami, submission }: Login,
  recorder: Recorder,
  visitor: Visitor,
): Promise<string | undefined> {
  const before = visitor.cookies(whoami)
  const { response } = await submit('login', submission, visitor)
  await visitor.once({ step: 'signed in', url: whoami })
  await visitor.once({ step: 'signed in', url: whoami })
  await recorder.send({ step: 'signed out', url: whoami })
  if (!signedInTest(recorder.exchanges)) {
    return (
      `The sign-in at ${printable(url.href)} (status ${response?.status}) seems not to work: ` +
      `${printable(whoami.href)} is the same with and without it. ` +
      'Check the fields of --form, or name a page that only signed-in users see with --whoami-url.'
    )
  }
  await findDecisiveCookie(recorder, visitor, whoami)
  if (before.length > 0) {
    const step = 'the cookies from before the sign-in'
    await recorder.send({ step, url: whoami, cookies: before })
  }
  return undefined
}

function submit(step: Step, { action, body }: Submission, visitor: Visitor): Promise<Exchange> {
  return visitor.go({ step, url: action, method: 'POST', ...(body && { body }) })
}

/** Leaves out each cookie once. Without the one that holds the session, the visitor is signed out. */
async function findDecisiveCookie(recorder: Recorder, visitor: Visitor, url: URL): Promise<void> {
  const cookies = visitor.cookies(url)
  const names = new Set(cookies.map(([name]) => baseName(name)))
  for (const target of [...names].slice(0, maxCandidates)) {
    const others = cookies.filter(([name]) => baseName(name) !== target)
    await recorder.send({ step: 'without cookie', target, url, cookies: others })
  }
}

/**
 * Signs in as another visitor, whose session id was made up by an attacker.
 *
 * @param other - a visitor without cookies
 * @param pair - the session cookie of somebody who is signed in
 */
export async function signInWithPlantedId(
  { url, whoami, credentials }: Login,
  recorder: Recorder,
  other: Visitor,
  [target, value]: Pair,
): Promise<void> {
  const planted: Pair = [target, plantedValue(value)]
  other.plant(...planted, whoami)
  const opened = await other.go({ step: 'planted login', url })
  await submit('planted login', loginSubmission(opened, credentials), other)
  await recorder.try({ step: 'a made-up session id', target, url: whoami, cookies: [planted] })
}

/** The cookie that holds the id of the visitor's session. undefined if the session itself is in the cookie. */
export function idCookie(
  sessions: readonly SessionCookie[],
  visitor: Visitor,
  url: URL,
): Pair | undefined {
  const session = sessions.find(({ isDecisive, format }) => isDecisive && format.payload === 'id')
  return session && sentFor(visitor.cookies(url), session.name)[0]
}

/** Signs out with the form of the protected page if it has one, else with POST, else with GET. */
export async function signOut(
  whoami: URL,
  url: URL,
  recorder: Recorder,
  visitor: Visitor,
): Promise<void> {
  const cookies = visitor.cookies(whoami)
  const submission = logoutSubmission(ofStep(recorder.exchanges, 'signed in').at(-1), url)
  let exchange = await submit('logout', submission, visitor)
  if (isRefusal(exchange) && !submission.body) exchange = await visitor.go({ step: 'logout', url })
  if (isRefusal(exchange)) {
    throw new FailedError(
      `The sign-out at ${printable(url.href)} responds with status ${exchange.response?.status}. Check --logout-url.`,
    )
  }
  await recorder.send({ step: 'the cookies from before the sign-out', url: whoami, cookies })
}

function isRefusal({ response }: Exchange): boolean {
  return response === undefined || response.status >= 400
}
