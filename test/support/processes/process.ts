/** Starts child processes for tests. */

import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'

/** A running program that has printed its ready line. */
export interface Running {
  /** The match of the ready line. */
  readonly match: RegExpExecArray
  readonly process: ChildProcess
  /** Ends the program. Resolves once it has exited. */
  stop(): Promise<void>
}

/**
 * Starts a program. Resolves once a line of its standard output matches `ready`. Rejects if the program exits
 * first.
 */
export async function start(
  command: string,
  args: readonly string[],
  ready: RegExp,
  options: SpawnOptions = {},
): Promise<Running> {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise<void>(resolve => child.once('close', () => resolve()))
  const match = await new Promise<RegExpExecArray>((resolve, reject) => {
    child.once('error', reject)
    void ended.then(() => reject(new Error(`${command} ended before it was ready`)))
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', line => {
      const found = ready.exec(line)
      if (found) resolve(found)
    })
  })
  return {
    match,
    process: child,
    async stop() {
      child.kill()
      await ended
    },
  }
}

/** A server whose process can fail. */
export interface Crashable {
  /** Kills the server with SIGKILL, and starts it again on the same port with the data on its disk. */
  crash(): Promise<void>
  /** Sends a signal to the server and its child processes: SIGSTOP pauses them, SIGCONT resumes them. */
  signal(name: NodeJS.Signals): void
}

/** Kills a program and its child processes with SIGKILL. Resolves once the program has exited. */
export async function kill(running: Running): Promise<void> {
  // Paused first, so that it starts no further child process.
  running.process.kill('SIGSTOP')
  signalTree(running.process, 'SIGKILL')
  await running.stop()
}

/** Sends a signal to a program and, where /proc lists them, to its child processes. */
export function signalTree({ pid }: ChildProcess, name: NodeJS.Signals): void {
  for (const id of pid === undefined ? [] : treeOf(pid)) {
    try {
      process.kill(id, name)
    } catch {
      // It has exited meanwhile.
    }
  }
}

function treeOf(pid: number): number[] {
  let children = ''
  try {
    children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
  } catch {
    // The process has exited, or the system has no /proc.
  }
  return [pid, ...children.split(' ').filter(Boolean).map(Number).flatMap(treeOf)]
}
