/** The real gorilla/sessions, in a Go program beside this one. */

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import type { Contestant, Operation } from '../contestant.ts'
import { cookieHeader } from '../http.ts'
import { jsonCarried } from '../node-contestant.ts'
import { countVisit, type SampleName, sampleNames, samples, type Values } from '../samples.ts'
import { gorilla } from './silverback.ts'

interface Question {
  contestant: 'gorilla' | 'objects'
  operation: Operation
  cookie: string
  count: number
}

interface Answer {
  nanoseconds: number
  values?: Values
  setCookie?: string[]
}

/** Go's contestants, and how to end their program. */
export interface GoContestants {
  contestants: readonly Contestant[]
  stop(): void
}

/**
 * Starts the program. Rejects when it ends, or when Go and Silverback do not read each other's
 * sessions.
 */
export async function goContestants(program: string): Promise<GoContestants> {
  const child = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] })
  const ask = asking(child)
  const cookies: Record<SampleName, string> = { '3 keys': '', '12 keys': '' }
  for (const sample of sampleNames) cookies[sample] = await sharedCookie(ask, samples[sample])

  const run =
    (contestant: Question['contestant']): Contestant['run'] =>
    async (sample, operation, count) =>
      (await ask({ contestant, operation, cookie: cookies[sample], count })).nanoseconds
  return {
    contestants: [
      {
        name: 'Go, gorilla/sessions v1.4.0',
        does: 'the same as the gorilla store above, with the same cookies',
        lacks: 'nothing that others here do; its garbage collector uses other cores too',
        run: run('gorilla'),
      },
      {
        name: 'Go: request and response',
        does: 'makes the objects and sets the header, without a session',
        lacks: 'a session',
        run: run('objects'),
      },
    ],
    stop: () => child.stdin.end(),
  }
}

type Ask = (question: Question) => Promise<Answer>

/** One question at a time. */
function asking(child: ChildProcess & { stdin: Writable; stdout: Readable }): Ask {
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return async question => {
    child.stdin.write(`${JSON.stringify(question)}\n`)
    const { value, done } = await answers.next()
    if (done) throw new Error('the Go program ended')
    return JSON.parse(value) as Answer
  }
}

/** A cookie that Silverback made, after a look at what Go reads and what it answers with. */
async function sharedCookie(ask: Ask, sample: Values): Promise<string> {
  const fill = (values: Values): void => void Object.assign(values, sample)
  const cookie = cookieHeader(await gorilla.save(undefined, fill))
  const question = { contestant: 'gorilla', cookie, count: 1 } as const
  const read = await ask({ ...question, operation: 'read' })
  assert.deepEqual(read.values, jsonCarried(sample), 'Go does not read what Silverback saved')

  const changed: Values = { ...sample }
  countVisit(changed)
  const saved = await ask({ ...question, operation: 'save' })
  const values = await gorilla.read(cookieHeader(saved.setCookie ?? []))
  assert.deepEqual({ ...values }, changed, 'Silverback does not read what Go saved')
  return cookie
}
