/**
 * Runs a command line: finds the command, checks its arguments, prints its outcome.
 *
 * @module
 */

import { stripVTControlCharacters } from 'node:util'
import { type ArgsDef, type CommandDef, parseArgs, renderUsage } from 'citty'
import { nearest } from '../../lib/assert-options.ts'
import type { Command, CommandGroup, Commands, Context } from './command.ts'
import { echo } from './echo.ts'
import { type ExitCode, exitCodes, FailedError, UsageError } from './exit-codes.ts'
import { printable, showsColors, styleFor } from './style.ts'

/** What a process provides. Tests provide their own. */
export interface Host {
  readonly stdin: NodeJS.ReadableStream & { isTTY?: boolean }
  readonly stdout: NodeJS.WritableStream & { isTTY?: boolean }
  readonly stderr: NodeJS.WritableStream & { isTTY?: boolean }
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  /** Aborted at the first Ctrl-C. */
  readonly signal: AbortSignal
}

const commonArgs = {
  json: { type: 'boolean', description: 'Print JSON' },
  help: { type: 'boolean', alias: 'h', description: 'Print this help' },
} as const

/** Runs a command line and resolves with the exit code. Prints errors instead of rejecting. */
export async function run(
  program: { name: string; version: string; description: string; commands: Commands },
  argv: readonly string[],
  host: Host,
): Promise<ExitCode> {
  const isJson = argv.includes('--json')
  try {
    if (argv[0] === '--version' || argv[0] === '-v') {
      host.stdout.write(`${program.version}\n`)
      return exitCodes.ok
    }
    const { words, found, rest } = await find(program, argv)
    const name = [program.name, ...words].join(' ')
    const usage = async () => `${formatted(await usageOf(name, program.version, found), host)}\n`
    if (wantsHelp(rest)) {
      host.stdout.write(await usage())
      return exitCodes.ok
    }
    if ('run' in found) return await runCommand(name, found, rest, host)
    if (rest[0] !== undefined) throw new UsageError(`${name} has no option ${echo(rest[0])}.`)
    host.stderr.write(await usage())
    return exitCodes.usage
  } catch (error) {
    if (host.signal.aborted) return exitCodes.interrupted
    report(error, isJson, host)
    return isUsageError(error) ? exitCodes.usage : exitCodes.failed
  }
}

/** Follows the first words of the arguments to a command, or to a group if no command is named. */
async function find(
  program: CommandGroup,
  argv: readonly string[],
): Promise<{ words: string[]; found: Command | CommandGroup; rest: readonly string[] }> {
  const words: string[] = []
  let found: Command | CommandGroup = program
  let rest = argv
  while ('commands' in found) {
    const [word] = rest
    if (word === undefined || word.startsWith('-')) break
    const load: (() => Promise<Command | CommandGroup>) | undefined = found.commands.get(word)
    if (!load) throw new UsageError(unknownCommand([...words, word], found.commands))
    found = await load()
    words.push(word)
    rest = rest.slice(1)
  }
  return { words, found, rest }
}

function unknownCommand(words: readonly string[], commands: Commands): string {
  const names = [...commands.keys()]
  const hint = nearest(words.at(-1) as string, names)
  const inParentheses = hint === undefined ? '' : ` (${hint})`
  return `There is no command ${words.map(echo).join(' ')}${inParentheses}. The commands are ${names.join(', ')}.`
}

async function runCommand(
  name: string,
  command: Command,
  argv: readonly string[],
  host: Host,
): Promise<ExitCode> {
  const definition: ArgsDef = { ...command.args, ...commonArgs }
  const args = parseArguments(argv, definition, command.takesHandle === true)
  assertKnownArguments(name, args, definition)
  const context = contextOf(args.json === true, host)
  const outcome = await command.run(args as never, context)
  if (outcome) {
    const text = context.isJson ? JSON.stringify(outcome.json, null, 2) : outcome.lines.join('\n')
    if (text) host.stdout.write(`${text}\n`)
  }
  return host.signal.aborted ? exitCodes.interrupted : (outcome?.exitCode ?? exitCodes.ok)
}

/** Parses the arguments. citty would take a handle with a dash for options. */
function parseArguments(
  argv: readonly string[],
  definition: ArgsDef,
  takesHandle: boolean,
): ReturnType<typeof parseArgs> {
  const [first = '', ...rest] = argv
  const isHandle =
    takesHandle && /^-(?:[\w-]{11}|[\w-]{42})$/.test(first) && !(first.slice(2) in definition)
  if (!isHandle) return parseArgs([...argv], definition)
  return Object.assign(parseArgs(['handle', ...rest], definition), { handle: first })
}

function assertKnownArguments(name: string, args: { _: string[] }, definition: ArgsDef): void {
  const options = Object.entries(definition).filter(([, { type }]) => type !== 'positional')
  const known = options.map(([option]) => option)
  const aliases = options.flatMap(([, each]): string[] => {
    const alias = 'alias' in each ? each.alias : undefined
    return typeof alias === 'string' ? [alias] : (alias ?? [])
  })
  const positionals = Object.keys(definition).filter(each => !known.includes(each))
  const names = [...known, ...aliases]
  const isKnown = (option: string) =>
    names.some(each => each === option || camelCase(each) === option)
  for (const [option, value] of Object.entries<unknown>(args)) {
    if (option === '_' || positionals.includes(option)) continue
    if (!isKnown(option)) {
      const hint = nearest(option, known)
      const inParentheses = hint === undefined ? '' : ` (${hint.replace('mean ', 'mean --')})`
      throw new UsageError(
        `${name} has no option --${echo(option)}${inParentheses}. It has ${known.map(each => `--${each}`).join(', ')}.`,
      )
    }
    if (value === '' && definition[option]?.type === 'string') {
      throw new UsageError(`--${option} needs a value, such as --${option}=VALUE`)
    }
  }
  if (args._.length > positionals.length) {
    const extra = args._.slice(positionals.length).map(echo).join(' ')
    throw new UsageError(
      `${name} takes ${positionals.length} arguments; ${extra} is one too many. Put quotes around an argument with spaces.`,
    )
  }
}

function camelCase(name: string): string {
  return name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
}

function contextOf(isJson: boolean, host: Host): Context {
  return {
    env: host.env,
    cwd: host.cwd,
    signal: host.signal,
    isJson,
    isInteractive: !isJson && host.stdin.isTTY === true && host.stdout.isTTY === true,
    style: styleFor(!isJson && showsColors(host.stdout, host.env)),
    async readInput() {
      const chunks: Buffer[] = []
      for await (const chunk of host.stdin) chunks.push(Buffer.from(chunk))
      return Buffer.concat(chunks).toString()
    },
    print: (line, json) => void host.stdout.write(`${isJson ? JSON.stringify(json) : line}\n`),
    remark: line => void host.stderr.write(`${line}\n`),
    progress(line = '') {
      // Erases the line and begins at its start.
      if (host.stderr.isTTY) host.stderr.write(`\r\x1b[2K${line}`)
    },
  }
}

function wantsHelp(argv: readonly string[]): boolean {
  const end = argv.indexOf('--')
  const options = end < 0 ? argv : argv.slice(0, end)
  return options.includes('--help') || options.includes('-h')
}

async function usageOf(
  name: string,
  version: string,
  found: Command | CommandGroup,
): Promise<string> {
  const meta = { name, version, description: found.description }
  if (!('commands' in found)) {
    return renderUsage({ meta, args: { ...found.args, ...commonArgs } })
  }
  const subCommands: Record<string, CommandDef> = {}
  for (const [word, load] of found.commands) {
    subCommands[word] = { meta: { description: (await load()).description } }
  }
  return renderUsage({ meta, subCommands })
}

/** Aligns the names of arguments and commands at their start: citty aligns them at their end. */
function formatted(usage: string, host: Host): string {
  const aligned = usage.replaceAll(/^ {2}( *)(\S.*?) {2}(.*?) *$/gm, '  $2$1  $3')
  return showsColors(host.stdout, host.env) ? aligned : stripVTControlCharacters(aligned)
}

/** citty throws errors of its own for missing and invalid arguments. */
function isUsageError(error: unknown): boolean {
  return error instanceof UsageError || (error instanceof Error && error.name === 'CLIError')
}

/** Prints an error to the standard error; the stack only if it is a fault of ours. */
function report(error: unknown, isJson: boolean, host: Host): void {
  const isExpected = isUsageError(error) || error instanceof FailedError
  const message = stripVTControlCharacters(error instanceof Error ? error.message : String(error))
  if (isJson) {
    host.stderr.write(`${JSON.stringify({ error: { message } })}\n`)
    return
  }
  const style = styleFor(showsColors(host.stderr, host.env))
  // It may quote what a server has sent.
  const text = message.split('\n').map(printable).join('\n')
  host.stderr.write(`${style.bad('error')} ${text}\n`)
  if (!isExpected && error instanceof Error && host.env.NODE_DEBUG?.includes('silverback')) {
    host.stderr.write(`${style.dim(error.stack ?? '')}\n`)
  }
}
