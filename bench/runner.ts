/**
 * Starts runners and exchanges messages with them.
 *
 * @module
 */

import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Description, Result, Task } from './protocol.ts'

/** A runner whose program is running. */
export interface Runner extends Description {
  /** Performs a task. Only one may be pending at a time. Rejects if the program ends. */
  run(task: Task): Promise<Result>
  /** Ends the program. */
  stop(): void
}

/** Starts a runner. Rejects if its program ends before it is ready. */
export async function startRunner(command: string, ...args: string[]): Promise<Runner> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const receive = async <Message>(): Promise<Message> => {
    const { value, done } = await lines.next()
    if (done) throw new Error(`the runner ${args.at(-1)} ended unexpectedly`)
    return JSON.parse(value) as Message
  }
  return {
    ...(await receive<Description>()),
    run(task) {
      child.stdin.write(`${JSON.stringify(task)}\n`)
      return receive<Result>()
    },
    stop: () => child.stdin.end(),
  }
}
