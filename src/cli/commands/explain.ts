/**
 * `silverback explain`.
 *
 * @module
 */

import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { hasCode } from '../../runtime/files.ts'
import { problemOf, reportJson, reportLines } from '../cookies/report.ts'
import { findingLines } from '../doctor/report.ts'
import { parseCurl } from '../explain/curl.ts'
import { type ExplainedRequest, explainHeader } from '../explain/explain.ts'
import { parseHar } from '../explain/har.ts'
import { addressOf, type RecordedRequest } from '../explain/request.ts'
import { judgeResponses } from '../explain/responses.ts'
import { type Context, command, type Outcome } from '../lib/command.ts'
import { exitCodes, FailedError, UsageError } from '../lib/exit-codes.ts'
import { keyArgs, type LoadedKey, loadKeys } from '../lib/keys.ts'
import { printable } from '../lib/style.ts'

/** HAR files with the bodies of responses are large. */
const maxInput = 256 * 1024 * 1024

export default command({
  description:
    'Explain how a store would treat the cookies of a request, from a curl command or a HAR file',
  args: {
    file: {
      type: 'positional',
      required: false,
      description: 'A HAR file, or a file with a curl command (default: standard input)',
    },
    ...keyArgs,
    salt: {
      type: 'string',
      valueHint: 'SALT',
      description: 'The salt of @fastify/secure-session, or "default"',
    },
  },
  async run(args, context): Promise<Outcome> {
    const requests = parse(await textOf(args.file, context))
    const keys = await loadKeys(args, context)
    const now = Date.now() / 1000
    const distinct = distinctRequests(requests.filter(({ cookie }) => cookie !== undefined))
    const explained: Explained[] = []
    for (const { request, count } of distinct) {
      if (context.signal.aborted) return { lines: [], json: undefined }
      const options = { keys, salt: args.salt, now }
      const result = await explainHeader(request.cookie ?? '', request.url, options)
      explained.push({ request, count, ...result })
    }
    const findings = [...byOrigin(requests).values()].flatMap(judgeResponses)
    const lines = [
      ...explained.flatMap(each => ['', ...linesOf(each, keys, context, now)]),
      ...findings.flatMap(each => ['', ...findingLines(each, context.style)]),
    ].slice(1)
    const hasFault = findings.some(({ severity }) => severity === 'fault')
    return {
      lines: lines.length > 0 ? lines : [nothingFound],
      json: { requests: explained.map(each => jsonOf(each, keys)), findings },
      exitCode: hasFault || explained.some(hasProblem) ? exitCodes.problem : exitCodes.ok,
    }
  },
})

const nothingFound =
  'There are no cookies. Browsers leave cookies out of HAR files unless they are exported with sensitive data.'

interface Explained extends ExplainedRequest {
  readonly request: RecordedRequest
  /** How many requests had the same cookies. */
  readonly count: number
}

async function textOf(file: string | undefined, context: Context): Promise<string> {
  if (file === undefined || file === '-') {
    if (context.isInteractive)
      context.remark('Paste the curl command, then press Enter and Ctrl-D.')
    return checked(await context.readInput())
  }
  if (/^curl\s/.test(file)) {
    throw new UsageError(
      'Pass the curl command on standard input or in a file. As an argument, its cookies would stay in the history of the shell.',
    )
  }
  try {
    return checked(await readFile(resolve(context.cwd, file), 'utf8'))
  } catch (error) {
    if (error instanceof UsageError) throw error
    if (hasCode(error, 'ENOENT')) throw new UsageError(`There is no file ${printable(file)}.`)
    throw new FailedError(`The file could not be read: ${(error as Error).message}`)
  }
}

function checked(text: string): string {
  if (text.trim() === '') throw new UsageError('The input is empty.')
  if (text.length <= maxInput) return text
  throw new UsageError(`The input has ${text.length} characters; at most ${maxInput} are read.`)
}

function parse(text: string): RecordedRequest[] {
  return /^\ufeff?\s*\{/.test(text) ? parseHar(text.replace(/^\ufeff/, '')) : [parseCurl(text)]
}

/** Pages have many requests with the same cookies. */
function distinctRequests(
  requests: readonly RecordedRequest[],
): { request: RecordedRequest; count: number }[] {
  const byHeader = new Map<string, { request: RecordedRequest; count: number }>()
  for (const request of requests) {
    const key = `${request.url?.origin} ${request.cookie}`
    const same = byHeader.get(key)
    if (same) same.count++
    else byHeader.set(key, { request, count: 1 })
  }
  return [...byHeader.values()]
}

function byOrigin(
  requests: readonly RecordedRequest[],
): Map<string | undefined, RecordedRequest[]> {
  const groups = new Map<string | undefined, RecordedRequest[]>()
  for (const request of requests) {
    const group = groups.get(request.url?.origin)
    if (group) group.push(request)
    else groups.set(request.url?.origin, [request])
  }
  return groups
}

function hasProblem({ cookies, problems }: ExplainedRequest): boolean {
  return (
    problems.length > 0 || cookies.some(({ inspection }) => problemOf(inspection) !== undefined)
  )
}

function linesOf(
  { request, count, cookies, problems }: Explained,
  keys: readonly LoadedKey[],
  { style }: Context,
  now: number,
): string[] {
  const others = count > 1 ? style.dim(` and ${count - 1} more with the same cookies`) : ''
  return [
    `${style.bold(printable(addressOf(request)))}${others}`,
    ...problems.map(problem => `  ${style.bad(printable(problem))}`),
    ...cookies.flatMap(({ inspection, outcome }) => [
      ...reportLines(inspection, keys, { style, now }).map(line => `  ${line}`),
      ...(outcome === undefined ? [] : [`    ${style.name('→')} ${printable(outcome)}`]),
    ]),
  ]
}

function jsonOf(
  { request, count, cookies, problems }: Explained,
  keys: readonly LoadedKey[],
): object {
  return {
    method: request.method,
    url: request.url && `${request.url.origin}${request.url.pathname}`,
    count,
    problems,
    cookies: cookies.map(({ inspection, outcome }) => ({
      ...reportJson(inspection, keys),
      outcome,
    })),
  }
}
