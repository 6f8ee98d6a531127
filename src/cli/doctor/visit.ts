/**
 * Visits an app and records what it does. Nothing is judged here, except what the next request depends on: which cookie
 * holds the session, and whether a sign-in has worked.
 *
 * @module
 */

import { randomBytes } from 'node:crypto'
import { unixSeconds } from '../../lib/clock.ts'
import { FailedError } from '../lib/exit-codes.ts'
import { printable } from '../lib/style.ts'
import { NoResponseError, type Send } from './client.ts'
import { baseName, type SessionCookie, sessionsIn } from './evidence.ts'
import { type Exchange, ofStep, type Recording } from './exchange.ts'
import { forgedHost } from './forged-host.ts'
import { sendMalformedCookies, sendTamperedCookies } from './hostile-requests.ts'
import { isSameHost, Recorder, redirectOf, Visitor } from './recorder.ts'
import {
  idCookie,
  type Login,
  type LoginPlan,
  openLogin,
  signIn,
  signInWithPlantedId,
  signOut,
} from './sign-in.ts'

export interface Plan {
  readonly url: URL
  /** Whether to send `X-Forwarded-Proto: https`, like a proxy that terminates TLS. */
  readonly isBehindProxy: boolean
  readonly cookieName: string | undefined
  readonly login: LoginPlan | undefined
}

/**
 * Visits the app of a plan. Rejects with a {@link FailedError} if the app does not respond, or refuses the sign-out.
 */
export async function visit(plan: Plan, send: Send): Promise<Recording> {
  const startedAt = unixSeconds()
  const recorder = new Recorder(send, plan.isBehindProxy)
  const { exchanges } = recorder
  const visitor = new Visitor(recorder)
  const findSessions = () => sessionsIn({ exchanges, cookieName: plan.cookieName, startedAt })

  const first = await visitor.go({ step: 'page', url: plan.url })
  assertPage(first)
  // The page may redirect strangers to the sign-in.
  const page = new URL(plan.url.pathname + plan.url.search, first.url)
  const missing = new URL(`silverback-doctor-${randomBytes(4).toString('hex')}`, page)
  await recorder.send({ step: 'missing page', url: missing })

  const opened = plan.login && (await openLogin(plan.login, recorder, visitor, page))
  const isForeign = opened && !isSameHost(opened.submission.action, page)
  const login = isForeign ? undefined : opened
  await visitThroughProxy(recorder, probeUrl(exchanges, findSessions()) ?? first.url)
  const loginProblem = login && (await signIn(login, recorder, visitor))
  await visitor.once({ step: 'missing page again', url: missing })
  const protectedPage = login?.whoami ?? page
  await sendTamperedCookies(recorder, visitor, protectedPage, findSessions())
  if (login && loginProblem === undefined) {
    await signInAndOutAgain(login, recorder, visitor, findSessions())
  }
  await sendMalformedCookies(recorder, protectedPage, findSessions())

  const target = redirectOf(first)
  return {
    page,
    exchanges,
    cookieName: plan.cookieName,
    loginProblem,
    foreignFormAction: isForeign ? opened.submission.action : undefined,
    redirectsTo: target && !isSameHost(target, page) ? target : undefined,
    startedAt,
  }
}

function assertPage({ url, response }: Exchange): void {
  const status = response?.status as number
  if (status < 500 && ![404, 410, 429].includes(status)) return
  throw new FailedError(
    `${printable(url.href)} responds with status ${status}. Pass the address of a page that works.`,
  )
}

/** The first address that has set a session cookie for a visitor without cookies. */
function probeUrl(
  exchanges: readonly Exchange[],
  sessions: readonly SessionCookie[],
): URL | undefined {
  const isSession = ({ name }: { name: string }) =>
    sessions.some(session => session.name === baseName(name))
  return ofStep(exchanges, 'page', 'login page').find(
    ({ response, sent }) => sent.length === 0 && response?.cookies.some(isSession),
  )?.url
}

async function visitThroughProxy(recorder: Recorder, url: URL): Promise<void> {
  await recorder.send({ step: 'other visitor', url })
  if (recorder.visibleUrl(url).protocol === 'http:') {
    const headers = { 'x-forwarded-proto': 'https' }
    await recorder.send({ step: 'forwarded proto', url, headers })
  }
  const headers = { 'x-forwarded-host': forgedHost }
  await recorder.send({ step: 'forwarded host', url, headers })
}

async function signInAndOutAgain(
  login: Login,
  recorder: Recorder,
  visitor: Visitor,
  sessions: readonly SessionCookie[],
): Promise<void> {
  const { whoami, logoutUrl } = login
  try {
    const id = idCookie(sessions, visitor, whoami)
    if (id) await signInWithPlantedId(login, recorder, new Visitor(recorder), id)
    if (logoutUrl) await signOut(whoami, logoutUrl, recorder, visitor)
  } catch (error) {
    // That a changed cookie has stopped the server is a finding.
    const wasAlive = recorder.exchanges.every(({ response }) => response)
    if (!(error instanceof NoResponseError) || wasAlive) throw error
  }
}
