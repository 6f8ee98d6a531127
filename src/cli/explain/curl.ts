/**
 * Reads a curl command, as browsers copy it.
 *
 * @module
 */

import { UsageError } from '../lib/exit-codes.ts'
import type { RecordedRequest } from './request.ts'
import { shellWords } from './shell-words.ts'

/** curl's options with a value, by letter and by name. The value of another option would be taken for the URL. */
const lettersWithValue = 'AbcCdDeEFhHKmMoPQrtTuUwxXyYz'
const namesWithValue =
  /^--(?:user-agent|cookie|cookie-jar|data(?:-raw|-ascii|-binary|-urlencode)?|json|form(?:-string)?|header|request|referer|url|url-query|user|proxy(?:-[\w-]+)?|output|write-out|max-time|connect-timeout|connect-to|resolve|cert|key|cacert|capath|retry(?:-[\w-]+)?|range|interface|limit-rate|max-redirs|upload-file|dump-header|config|ciphers|unix-socket|noproxy|oauth2-bearer|aws-sigv4)$/

/**
 * Returns the request that a curl command sends. Throws a UsageError if it is no curl command, or if it reads its
 * cookies from a file.
 */
export function parseCurl(text: string): RecordedRequest {
  const [program, ...args] = wordsOf(text)
  if (!/(?:^|[\\/])curl(?:\.exe)?$/.test(program ?? '')) {
    throw new UsageError('The command is not a curl command: it must begin with curl.')
  }
  const cookies: string[] = []
  let url: string | undefined
  let method: string | undefined
  let hasBody = false
  for (const [option, value] of optionsOf(args)) {
    if (option === undefined || option === '--url') url ??= value
    else if (option === '-b' || option === '--cookie') cookies.push(value)
    else if (option === '-X' || option === '--request') method = value
    else if (option === '-H' || option === '--header') {
      const [, header] = /^cookie:\s*(.*)$/is.exec(value) ?? []
      if (header !== undefined) cookies.push(header)
    } else if (/^(?:-d|-F|--data|--json|--form)/.test(option)) hasBody = true
    else if (option === '-I' || option === '--head') method ??= 'HEAD'
  }
  if (cookies.some(cookie => cookie !== '' && !cookie.includes('='))) {
    throw new UsageError(
      'The command reads its cookies from a file (-b FILE). Put the cookies into the command instead.',
    )
  }
  return {
    method: method ?? (hasBody ? 'POST' : 'GET'),
    url: urlOf(url),
    cookie: cookies.length > 0 ? cookies.join('; ') : undefined,
    setCookie: [],
    status: undefined,
    startedAt: undefined,
  }
}

function wordsOf(text: string): string[] {
  if (/\^\r?\n/.test(text)) {
    throw new UsageError(
      'This is a command for cmd.exe. In the browser choose "Copy as cURL (bash)".',
    )
  }
  try {
    return shellWords(text)
  } catch (error) {
    throw new UsageError(`The command cannot be read: ${(error as Error).message}.`)
  }
}

/** The options with their values; arguments without an option have none. */
function* optionsOf(
  args: readonly string[],
): Generator<[option: string | undefined, value: string]> {
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] as string
    if (!arg.startsWith('-') || arg === '-') {
      yield [undefined, arg]
    } else if (arg.startsWith('--')) {
      yield [arg, namesWithValue.test(arg) ? (args[++at] ?? '') : '']
    } else {
      // Letters can be combined, and a value can follow its letter: -sHname:value.
      const letter = [...arg].findIndex(
        (char, index) => index > 0 && lettersWithValue.includes(char),
      )
      if (letter < 0) for (const char of arg.slice(1)) yield [`-${char}`, '']
      else {
        const rest = arg.slice(letter + 1)
        yield [`-${arg[letter]}`, rest === '' ? (args[++at] ?? '') : rest]
      }
    }
  }
}

function urlOf(text: string | undefined): URL | undefined {
  if (text === undefined) return undefined
  const full = /^[a-z]+:\/\//i.test(text) ? text : `http://${text}`
  return URL.canParse(full) ? new URL(full) : undefined
}
