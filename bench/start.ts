/**
 * The programs of the runners, started.
 *
 * @module
 */

import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Answer, Description, Question } from './runner.ts'

/** A runner whose program runs. */
export interface Runner extends Description {
  /** One question at a time. Rejects when the program ends. */
  ask(question: Question): Promise<Answer>
  /** Ends the program. */
  stop(): void
}

/** Starts a program. Rejects when it ends before it is ready. */
export async function start(command: string, ...args: string[]): Promise<Runner> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async <Line>(): Promise<Line> => {
    const { value, done } = await lines.next()
    if (done) throw new Error(`a program of the benchmark ended: ${args.join(' ')}`)
    return JSON.parse(value) as Line
  }
  return {
    ...(await next<Description>()),
    ask(question) {
      child.stdin.write(`${JSON.stringify(question)}\n`)
      return next<Answer>()
    },
    stop: () => child.stdin.end(),
  }
}
