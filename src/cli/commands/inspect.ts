/**
 * `silverback inspect`.
 *
 * @module
 */

import { inspectCookies } from '../cookies/inspect.ts'
import { parsePasted } from '../cookies/jar.ts'
import { problemOf, reportJson, reportLines } from '../cookies/report.ts'
import { askHidden } from '../lib/ask-hidden.ts'
import { type Context, command } from '../lib/command.ts'
import { exitCodes, UsageError } from '../lib/exit-codes.ts'
import { keyArgs, loadKeys } from '../lib/keys.ts'

/** Longer than all headers of a request together. */
const maxInput = 1024 * 1024

export default command({
  description: 'Show what a cookie is and, with keys, what it contains',
  args: {
    cookie: {
      type: 'positional',
      required: false,
      description:
        'NAME=VALUE, a value, or a header (default: read from the standard input, not kept by the shell)',
    },
    name: {
      type: 'string',
      valueHint: 'NAME',
      description: 'The name of the cookie, if the input is a value alone',
    },
    ...keyArgs,
    salt: {
      type: 'string',
      valueHint: 'SALT',
      description: 'The salt of @fastify/secure-session, or "default"',
    },
  },
  async run(args, context) {
    const text = await inputOf(args.cookie, context)
    const keys = await loadKeys(args, context)
    const now = Date.now() / 1000
    const pairs = parsePasted(text, args.name)
    const inspections = await inspectCookies(pairs, { keys, salt: args.salt, now })
    const { style } = context
    const reports = inspections.map(each => reportLines(each, keys, { style, now }))
    return {
      lines: reports.flatMap((lines, index) => (index === 0 ? lines : ['', ...lines])),
      json: { cookies: inspections.map(each => reportJson(each, keys)) },
      exitCode: inspections.some(each => problemOf(each) !== undefined)
        ? exitCodes.problem
        : exitCodes.ok,
    }
  },
})

async function inputOf(argument: string | undefined, context: Context): Promise<string> {
  const text = argument === undefined || argument === '-' ? await pasted(context) : argument
  if (text.trim() === '') throw new UsageError('There is no cookie in the input.')
  if (text.length > maxInput) {
    throw new UsageError(`The input has ${text.length} characters; at most ${maxInput} are read.`)
  }
  return text
}

async function pasted(context: Context): Promise<string> {
  if (!context.isInteractive) return context.readInput()
  const ask = () => context.remark('Paste the cookie and press Enter. It is not shown.')
  return askHidden(ask, context.signal)
}
