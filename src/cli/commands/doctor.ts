/**
 * `silverback doctor`.
 *
 * @module
 */

import { nearest } from '../../lib/assert-options.ts'
import { createClient } from '../doctor/client.ts'
import { type Code, codes } from '../doctor/codes.ts'
import type { Recording } from '../doctor/exchange.ts'
import { type Credentials, parseCredentials } from '../doctor/login-form.ts'
import { judge, linesOf, type Report } from '../doctor/report.ts'
import type { LoginPlan } from '../doctor/sign-in.ts'
import { type Plan, visit } from '../doctor/visit.ts'
import { type Context, command, type Outcome } from '../lib/command.ts'
import { echo } from '../lib/echo.ts'
import { exitCodes, FailedError, UsageError } from '../lib/exit-codes.ts'
import { printable } from '../lib/style.ts'

export default command({
  description: 'Visit an app with any session library, and report what is wrong with its sessions',
  args: {
    url: { type: 'positional', required: true, description: 'A page of the app' },
    'login-url': { type: 'string', description: 'The page with the sign-in form' },
    form: {
      type: 'string',
      description: 'The fields to sign in with, such as name=ann, or a JSON object',
    },
    'form-env': {
      type: 'string',
      description: 'The environment variable with more fields, such as password=…',
    },
    'whoami-url': {
      type: 'string',
      description: 'A page that differs for signed-in users; default: the page to visit',
    },
    'logout-url': { type: 'string', description: 'Where to sign out' },
    cookie: { type: 'string', description: 'The session cookie, if it is not recognised' },
    'behind-proxy': {
      type: 'boolean',
      description: 'Send X-Forwarded-Proto: https, like a proxy that terminates TLS',
    },
    ignore: { type: 'string', description: 'Codes of findings to ignore, separated by commas' },
    timeout: { type: 'string', default: '10', description: 'Seconds for each request' },
    insecure: { type: 'boolean', description: 'Accept any certificate' },
    verbose: { type: 'boolean', description: 'Also list the checks that passed' },
  },
  async run(args, context): Promise<Outcome> {
    const ignored = codesIn(args.ignore)
    const plan: Plan = {
      url: pageUrl(args.url),
      isBehindProxy: args['behind-proxy'] === true,
      cookieName: cookieName(args.cookie),
      login: loginPlan(args, context),
    }
    if (plan.login) {
      context.remark(
        `The doctor signs in up to twice at ${printable(plan.login.loginUrl)}. Use an account for tests.`,
      )
    }
    const send = createClient({
      timeoutMs: milliseconds(args.timeout),
      insecure: args.insecure === true,
      signal: context.signal,
    })
    try {
      const recording = await visit(plan, send)
      return outcomeOf(recording, judge(recording, ignored), args.verbose === true, context)
    } catch (error) {
      if (!(error instanceof Cancelled)) throw error
      const lines = ['Cancelled: nothing was sent to the sign-in.']
      return { lines, json: null, exitCode: exitCodes.interrupted }
    }
  },
})

/** Throws a FailedError if the visit did not get to see what it was asked to judge. */
function outcomeOf(
  recording: Recording,
  report: Report,
  isVerbose: boolean,
  { style }: Context,
): Outcome {
  const { redirectsTo, loginProblem } = recording
  if (redirectsTo && report.cookies.length === 0) {
    const target = printable(redirectsTo.origin + redirectsTo.pathname)
    throw new FailedError(
      `${printable(report.url)} redirects to ${target}, which is another host. Pass that address to visit it.`,
    )
  }
  const hasFaults = report.findings.some(({ severity }) => severity === 'fault')
  if (loginProblem !== undefined && !hasFaults) throw new FailedError(loginProblem)
  return {
    lines: linesOf(report, style, isVerbose),
    json: report,
    exitCode: hasFaults ? exitCodes.problem : exitCodes.ok,
  }
}

function pageUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '') {
    return url
  }
  throw new UsageError(
    'The address must begin with http:// or https:// and contain no password, such as https://app.example.com/.',
  )
}

function cookieName(name: string | undefined): string | undefined {
  if (name === undefined || /^[\x21-\x3a\x3c\x3e-\x7e]+$/.test(name)) return name
  throw new UsageError('--cookie must be the name of a cookie, without spaces, ";" and "=".')
}

/** The options that describe a sign-in. */
interface LoginArgs {
  readonly 'login-url'?: string | undefined
  readonly form?: string | undefined
  readonly 'form-env'?: string | undefined
  readonly 'whoami-url'?: string | undefined
  readonly 'logout-url'?: string | undefined
}

function loginPlan(args: LoginArgs, context: Context): LoginPlan | undefined {
  const given = (['form', 'form-env', 'whoami-url', 'logout-url'] as const).find(
    option => args[option] !== undefined,
  )
  const loginUrl = args['login-url']
  if (loginUrl === undefined) {
    if (given === undefined) return undefined
    throw new UsageError(`--${given} needs --login-url, the page with the sign-in form.`)
  }
  return {
    loginUrl,
    credentials: credentialsIn(args, context),
    whoamiUrl: args['whoami-url'],
    logoutUrl: args['logout-url'],
    askPassword: context.isInteractive ? field => askPassword(field, context) : undefined,
  }
}

function credentialsIn({ form, 'form-env': variable }: LoginArgs, context: Context): Credentials {
  const texts = [form, formIn(variable, context)].filter(text => text !== undefined)
  const [first, second] = texts.map(parseCredentials)
  if (!first) {
    throw new UsageError(
      '--login-url needs the fields of the form: --form name=ann, or --form-env.',
    )
  }
  return second ? merged(first, second) : first
}

function merged(first: Credentials, second: Credentials): Credentials {
  if (first.type === 'json' && second.type === 'json') {
    return { type: 'json', values: { ...first.values, ...second.values } }
  }
  if (first.type === 'form' && second.type === 'form') {
    return { type: 'form', fields: new URLSearchParams([...first.fields, ...second.fields]) }
  }
  throw new UsageError('--form and --form-env must both be fields, or both JSON.')
}

function formIn(variable: string | undefined, { env }: Context): string | undefined {
  if (variable === undefined) return undefined
  const value = env[variable]
  if (value) return value
  throw new UsageError(
    `The environment variable ${echo(variable)} of --form-env is not set. It holds fields such as password=….`,
  )
}

/** Thrown when a question is left with Ctrl-C. */
class Cancelled extends Error {}

async function askPassword(field: string, { signal }: Context): Promise<string> {
  const { isCancel, password } = await import('@clack/prompts')
  const value = await password({ message: `Value of the field ${printable(field)}`, signal })
  if (isCancel(value)) throw new Cancelled()
  return value
}

function milliseconds(text: string): number {
  const seconds = Number(text)
  if (seconds > 0 && seconds <= 600) return seconds * 1000
  throw new UsageError('--timeout must be a number of seconds above 0, at most 600.')
}

function codesIn(text: string | undefined): Set<Code> {
  const list = (text ?? '').split(',').map(each => each.trim())
  const unknown = list.find(each => each !== '' && !codes.includes(each as Code))
  if (unknown !== undefined) {
    const hint = nearest(unknown, codes)
    const inParentheses = hint === undefined ? '' : ` (${hint})`
    throw new UsageError(
      `--ignore has no code ${printable(unknown)}${inParentheses}. docs/cli/doctor.md lists the codes.`,
    )
  }
  return new Set(list as Code[])
}
