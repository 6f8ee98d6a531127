/** What a recorded terminal session is, and how one is made. */

import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { spawn } from '@lydell/node-pty'
import xterm from '@xterm/headless'
import { nodeArguments } from '../support/run-cli.ts'

/** A replacement in the output, as for `String.replaceAll`. */
export type Replacement = readonly [pattern: RegExp | string, replacement: string]

/** Commands that run one after the other in the same new folder, in a terminal of their own. */
export interface Recording {
  /** Prepares the folder and the servers that the commands use. */
  readonly prepare?: (folder: string) => Promise<Prepared>
  readonly steps: readonly (string | Step)[]
  /** Replacements in the output: of what differs from run to run, such as random keys, ports and durations. */
  readonly replace?: readonly Replacement[]
}

export interface Prepared {
  /** Variables for the commands, such as `{ COOKIE: '…' }`. */
  readonly env?: Readonly<Record<string, string>>
  readonly replace?: readonly Replacement[]
  readonly stop?: () => Promise<void>
}

export interface Step {
  /** A command line for bash. */
  readonly command: string
  /** What is typed once the output contains the text. `'\r'` is the Enter key, `'\x03'` Ctrl-C. */
  readonly type?: readonly { readonly after: string | RegExp; readonly keys: string }[]
  /** True for a command that only prepares the next ones and is not shown. */
  readonly hidden?: boolean
}

/** The recordings of a page, by the names of its markers. */
export type Recordings = Readonly<Record<string, Recording>>

const columns = 100
const rows = 200
const timeoutMs = 60_000

/** Runs the commands and returns them with what their terminal shows at the end of each. */
export async function record({ prepare, steps, replace = [] }: Recording): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'silverback-recording-'))
  const folder = join(home, 'shop')
  await mkdir(folder)
  const prepared = await prepare?.(folder)
  try {
    const env = { ...(await environment(home)), ...prepared?.env }
    const screens: string[] = []
    for (const each of steps) {
      const step = typeof each === 'string' ? { command: each } : each
      const screen = await screenOf(step, folder, env)
      if (!step.hidden) screens.push([`$ ${step.command}`, screen].filter(Boolean).join('\n'))
    }
    const replacements: Replacement[] = [
      [home, '/home/ann'],
      ...replace,
      ...(prepared?.replace ?? []),
    ]
    return replacements.reduce(
      (text, [pattern, replacement]) => text.replaceAll(pattern, replacement),
      screens.join('\n\n'),
    )
  } finally {
    await prepared?.stop?.()
    await rm(home, { recursive: true, force: true })
  }
}

/** The variables of a new user, with `silverback` in the path. */
async function environment(home: string): Promise<Record<string, string>> {
  const program = join(home, '.bin', 'silverback')
  await mkdir(dirname(program))
  const quoted = [process.execPath, ...nodeArguments].map(each => `'${each}'`).join(' ')
  await writeFile(program, `#!/bin/sh\nexec ${quoted} "$@"\n`)
  await chmod(program, 0o755)
  const npx = join(home, '.bin', 'npx')
  await writeFile(npx, '#!/bin/sh\nexec "$@"\n')
  await chmod(npx, 0o755)
  const node = dirname(process.execPath)
  return {
    PATH: `${dirname(program)}:${node}:/usr/local/bin:/usr/bin:/bin`,
    HOME: home,
    TERM: 'xterm-256color',
    LANG: 'C.UTF-8',
    TZ: 'UTC',
    NO_UPDATE_NOTIFIER: '1',
  }
}

/** Runs a command in a terminal, types, and returns the lines that the terminal shows at the end. */
async function screenOf(step: Step, cwd: string, env: Record<string, string>): Promise<string> {
  const terminal = new xterm.Terminal({
    cols: columns,
    rows,
    scrollback: 10_000,
    allowProposedApi: true,
  })
  const process = spawn('bash', ['--norc', '--noprofile', '-c', step.command], {
    cols: columns,
    rows,
    cwd,
    env,
  })
  const typing = [...(step.type ?? [])]
  let output = ''
  let written: Promise<void> = Promise.resolve()
  process.onData(data => {
    output += data
    written = new Promise(resolve => terminal.write(data, resolve))
    const next = typing[0]
    if (!next || !contains(output, next.after)) return
    output = ''
    typing.shift()
    process.write(next.keys)
  })
  // Programs ask the terminal where the cursor is, and wait for the reply.
  terminal.onData(reply => process.write(reply))
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      process.kill()
      reject(new Error(`"${step.command}" did not end; its last output: ${output.slice(-500)}`))
    }, timeoutMs)
    process.onExit(() => {
      clearTimeout(timer)
      resolve()
    })
  })
  if (typing[0]) throw new Error(`"${step.command}" never printed ${String(typing[0].after)}`)
  await written
  return linesOf(terminal)
}

function contains(output: string, wanted: string | RegExp): boolean {
  return typeof wanted === 'string' ? output.includes(wanted) : wanted.test(output)
}

/** The lines, without those that are empty at the end. A long line that the terminal has wrapped is one line. */
function linesOf(terminal: InstanceType<typeof xterm.Terminal>): string {
  const lines: string[] = []
  const { active } = terminal.buffer
  for (let row = 0; row < active.length; row++) {
    const line = active.getLine(row)
    // A wrapped line continues at the full width, so only the last part is trimmed.
    const isContinued = active.getLine(row + 1)?.isWrapped === true
    const text = line?.translateToString(!isContinued) ?? ''
    if (line?.isWrapped) lines.push(`${lines.pop()}${text}`)
    else lines.push(text)
  }
  return lines
    .map(line => line.trimEnd())
    .join('\n')
    .trimEnd()
}

/** The folder of the repository. */
export const root: string = fileURLToPath(new URL('../../..', import.meta.url))
