/**
 * Runs many workers in several processes that change one session at the same time.
 *
 * @module
 */

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { check, type Verdict } from './check.ts'
import type { Entry } from './operations.ts'
import { type StoreName, stores, type TestedStore } from './stores.ts'
import { type Task, TestedApp } from './workers.ts'

/** How much work is done. */
export interface Load {
  readonly processes: number
  /** In all processes together. */
  readonly workers: number
  /** Per worker. */
  readonly operations: number
  readonly seed: number
}

/** The result of a trial. */
export interface Trial extends Verdict {
  /** How long the work took. */
  readonly seconds: number
}

const script = fileURLToPath(new URL('process.ts', import.meta.url))

/** Starts a store, lets all workers change one session, and checks that session. */
export async function runTrial(name: StoreName, load: Load): Promise<Trial> {
  const store: TestedStore = stores[name]
  const running = await store.start()
  try {
    const app = await TestedApp.open(name, running.address)
    const cookie = await app.createSession()
    const tasks = tasksOf(name, running.address, cookie, load)
    const { entries, seconds } = store.isOneProcess
      ? await timed(async () => Promise.all(tasks.map(task => app.work(task))))
      : await inProcesses(tasks)
    const { _flash: flashes = [], ...values } = await app.values(cookie)
    await app.close()
    return { ...check(entries, values, flashes as string[]), seconds }
  } finally {
    await running.stop()
  }
}

function tasksOf(store: StoreName, address: string, cookie: string, load: Load): Task[] {
  const { processes, workers, operations, seed } = load
  const names = Array.from({ length: workers }, (_, index) => `worker${index}`)
  return Array.from({ length: processes }, (_, process) => ({
    store,
    address,
    cookie,
    workers: names.filter((_, index) => index % processes === process),
    operations,
    seed: seed + process * workers,
  }))
}

async function inProcesses(tasks: readonly Task[]): Promise<{ entries: Entry[]; seconds: number }> {
  const children = tasks.map(() => fork(script))
  try {
    await Promise.all(
      children.map((child, index) => {
        child.send(tasks[index] as Task)
        return messageOf(child)
      }),
    )
    return await timed(() =>
      Promise.all(
        children.map(child => {
          child.send('go')
          return messageOf(child) as Promise<Entry[]>
        }),
      ),
    )
  } finally {
    await Promise.all(children.map(exited))
  }
}

/** Resolves to the next message of a process. Rejects if the process disconnects first. */
async function messageOf(child: ChildProcess): Promise<unknown> {
  const listeners = new AbortController()
  const { signal } = listeners
  const disconnected = once(child, 'disconnect', { signal }).then(() => {
    throw new Error('a worker process ended before it had sent its result')
  })
  try {
    const [message] = await Promise.race([once(child, 'message', { signal }), disconnected])
    return message
  } finally {
    disconnected.catch(() => undefined)
    listeners.abort()
  }
}

async function exited(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
}

async function timed(
  work: () => Promise<Entry[][]>,
): Promise<{ entries: Entry[]; seconds: number }> {
  const start = performance.now()
  const entries = await work()
  return { entries: entries.flat(), seconds: (performance.now() - start) / 1000 }
}
