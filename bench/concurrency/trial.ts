/**
 * Many workers in several processes change one session, all at once.
 *
 * @module
 */

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { check, type Verdict } from './check.ts'
import type { Entry } from './operations.ts'
import { type Place, type PlaceName, places } from './places.ts'
import { type Task, Visited } from './visits.ts'

/** How much is done. */
export interface Load {
  readonly processes: number
  /** Altogether. */
  readonly workers: number
  /** By each worker. */
  readonly operations: number
  readonly seed: number
}

/** The verdict, and how long the work took: seconds. */
export interface Trial extends Verdict {
  readonly seconds: number
}

const script = fileURLToPath(new URL('process.ts', import.meta.url))

/** Starts the place, lets everybody work, and looks at what is left. */
export async function tryPlace(name: PlaceName, load: Load): Promise<Trial> {
  const place: Place = places[name]
  const running = await place.start()
  try {
    const visited = await Visited.open(name, running.address)
    const cookie = await visited.begin()
    const tasks = tasksOf(name, running.address, cookie, load)
    const { entries, seconds } = place.isOneProcess
      ? await timed(async () => Promise.all(tasks.map(task => visited.work(task))))
      : await inProcesses(tasks)
    const { _flash: flashes = [], ...values } = await visited.values(cookie)
    await visited.close()
    return { ...check(entries, values, flashes as string[]), seconds }
  } finally {
    await running.stop()
  }
}

function tasksOf(place: PlaceName, address: string, cookie: string, load: Load): Task[] {
  const { processes, workers, operations, seed } = load
  const names = Array.from({ length: workers }, (_, index) => `worker${index}`)
  return Array.from({ length: processes }, (_, process) => ({
    place,
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
        return answerOf(child)
      }),
    )
    return await timed(() =>
      Promise.all(
        children.map(child => {
          child.send('go')
          return answerOf(child) as Promise<Entry[]>
        }),
      ),
    )
  } finally {
    await Promise.all(children.map(ended))
  }
}

/** The next message of the process. Rejects when its channel closes without one. */
async function answerOf(child: ChildProcess): Promise<unknown> {
  const ending = new AbortController()
  const { signal } = ending
  const end = once(child, 'disconnect', { signal }).then(() => {
    throw new Error('a process of the trial ended too early')
  })
  try {
    const [message] = await Promise.race([once(child, 'message', { signal }), end])
    return message
  } finally {
    end.catch(() => undefined)
    ending.abort()
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
}

async function timed(
  work: () => Promise<Entry[][]>,
): Promise<{ entries: Entry[]; seconds: number }> {
  const begun = performance.now()
  const entries = await work()
  return { entries: entries.flat(), seconds: (performance.now() - begun) / 1000 }
}
