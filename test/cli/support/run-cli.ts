/** Runs the command line, in this process or as a process of its own. */

import { type ChildProcess, spawn } from 'node:child_process'
import { PassThrough, Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { commands } from '../../../src/cli/commands/index.ts'
import { run } from '../../../src/cli/lib/run.ts'
import { until } from '../../support/until.ts'

export interface CliResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface CliOptions {
  readonly env?: Record<string, string>
  readonly cwd?: string
  readonly input?: string
  readonly signal?: AbortSignal
}

export interface StartedCli {
  readonly child: ChildProcess
  readonly result: Promise<CliResult>
  /** Resolves once the process has printed this text. */
  prints(text: string): Promise<void>
}

/** Runs the command line in this process, with no terminal and only the environment that is passed. */
export async function runCli(
  args: readonly string[],
  { env = {}, cwd = process.cwd(), input = '', signal }: CliOptions = {},
): Promise<CliResult> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  const program = { name: 'silverback', version: '0.0.0', description: 'Tools', commands }
  const code = await run(program, args, {
    stdin: Readable.from([input]),
    stdout,
    stderr,
    env,
    cwd,
    signal: signal ?? new AbortController().signal,
  })
  return { code, stdout: textOf(stdout), stderr: textOf(stderr) }
}

/** Runs the command line as a process of its own. */
export function spawnCli(
  args: readonly string[],
  options?: Omit<CliOptions, 'signal'>,
): Promise<CliResult> {
  return startCli(args, options).result
}

/** Starts the command line as a process of its own, for tests that send it signals. */
export function startCli(
  args: readonly string[],
  { env = {}, cwd = process.cwd(), input = '' }: Omit<CliOptions, 'signal'> = {},
  program: string = main,
): StartedCli {
  const child = spawn(process.execPath, [...loader, program, ...args], {
    cwd,
    // The runner's own options name packages that are not found from another folder.
    env: { ...process.env, NODE_OPTIONS: '', ...env },
  })
  child.stdin.on('error', () => {}).end(input)
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', text => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', text => {
    stderr += text
  })
  const result = new Promise<CliResult>((resolve, reject) => {
    child.on('error', reject).on('close', code => resolve({ code, stdout, stderr }))
  })
  const prints = (text: string) => until(text, () => stdout.includes(text) || stderr.includes(text))
  return { child, result, prints }
}

/** Runs `silverback migrate` as a process that sends itself this signal at each of its checkpoints. */
export function interruptedMigration(
  signal: NodeJS.Signals,
  delayMs: number,
  args: readonly string[],
  options?: Omit<CliOptions, 'signal'>,
): Promise<CliResult> {
  const program = fileURLToPath(new URL('interrupted-migration.ts', import.meta.url))
  return startCli([signal, `${delayMs}`, 'migrate', ...args], options, program).result
}

const loader = ['--import', import.meta.resolve('tsx'), '--conditions=@silverback/source']
const main = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url))

/** The arguments of Node that start the command line from its sources. */
export const nodeArguments: readonly string[] = [...loader, main]

function textOf(stream: PassThrough): string {
  return String(stream.read() ?? '')
}
