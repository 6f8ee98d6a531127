/** Starts child processes for tests. */

import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
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
