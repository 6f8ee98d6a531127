/**
 * Lets visitors use the app over a store while processes and connections fail, and checks what happened.
 *
 * @module
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { randomNumbers } from '../../src/testing/random.ts'
import { AppProcess } from './app-process.ts'
import { check, type Verdict } from './check.ts'
import { appFaults, type Fault } from './faults.ts'
import type { History } from './operations.ts'
import { type StoreName, stores, type TestedStore } from './stores.ts'
import { Visitors } from './visitors.ts'

/** How much work is done. */
export interface Load {
  /** Processes of the app. */
  readonly processes: number
  /** Requests at a time. */
  readonly workers: number
  /** Requests at least. A third of them is sent before the first fault. */
  readonly operations: number
  readonly faults: number
  /** When a trial that has not done its operations and faults ends nevertheless. */
  readonly seconds: number
  readonly seed: number
}

/** The result of a trial. */
export interface Trial extends Verdict {
  readonly history: History
  /** How often each fault was caused. */
  readonly causes: Readonly<Record<string, number>>
}

/** How long after a fault requests may still fail, in milliseconds, because a client notices it late. */
const aftermath = 10_000

/** How long the app may take to work again after a fault, in milliseconds. */
const recovery = 30_000

/** How long a server may take to execute what a killed client has sent, in milliseconds. */
const settling = 3000

/** Runs a trial over a store. Everything that it has started is stopped at the end. */
export async function runTrial(name: StoreName, load: Load): Promise<Trial> {
  const store: TestedStore = stores[name]
  const running = await store.start()
  const apps: AppProcess[] = []
  try {
    const count = store.isInMemory ? 1 : load.processes
    const started = Array.from({ length: count }, async () => {
      apps.push(await AppProcess.start(name, running.address))
    })
    await Promise.all(started)
    const faults = [...running.faults, ...appFaults(apps, store.isInMemory ?? false)]
    return await observe(apps, store, store.isControl ? { ...load, faults: 0 } : load, faults)
  } finally {
    await Promise.all(apps.map(app => app.stop()))
    await running.stop()
  }
}

async function observe(
  apps: readonly AppProcess[],
  { kinds }: TestedStore,
  load: Load,
  faults: readonly Fault[],
): Promise<Trial> {
  const visitors = new Visitors(apps, kinds, load.seed)
  const deadline = performance.now() + load.seconds * 1000
  const isLate = (): boolean => performance.now() > deadline
  const haveSent = async (operations: number): Promise<void> => {
    while (visitors.entries.length < operations && !isLate()) await sleep(20)
  }

  const working = visitors.work(load.workers)
  const windows: { from: number; until: number }[] = []
  const causes: Record<string, number> = {}
  const random = randomNumbers(load.seed)
  try {
    await haveSent(load.operations / 3)
    const order = shuffled(faults, load.faults, random)
    for (const { name, cause } of order) {
      if (isLate()) break
      const window = { from: performance.now(), until: Number.POSITIVE_INFINITY }
      windows.push(window)
      causes[name] = (causes[name] ?? 0) + 1
      await cause(random)
      await recovered(visitors, apps, name)
      window.until = performance.now() + aftermath
      await sleep(random() * 1000)
    }
    await haveSent(load.operations)
  } finally {
    visitors.stop()
    await working
  }
  await Promise.all(apps.map(app => app.settled()))
  if (windows.length > 0) await sleep(settling)
  await visitors.readFinalState()
  const failure = apps.find(app => app.failure)?.failure
  if (failure) throw new Error(failure)
  const history = { entries: visitors.entries, faults: windows }
  return { ...check(history), history, causes }
}

/** Every fault as often as the others, in a random order. */
function shuffled(faults: readonly Fault[], count: number, random: () => number): Fault[] {
  const rounds = Array.from({ length: Math.ceil(count / faults.length) }, () =>
    faults
      .map(fault => ({ fault, order: random() }))
      .sort((a, b) => a.order - b.order)
      .map(({ fault }) => fault),
  )
  return rounds.flat().slice(0, count)
}

async function recovered(
  visitors: Visitors,
  apps: readonly AppProcess[],
  fault: string,
): Promise<void> {
  const deadline = performance.now() + recovery
  for (const app of apps) {
    while (!(await visitors.probe(app))) {
      if (performance.now() > deadline) throw new Error(`the app does not recover from: ${fault}`)
      await sleep(50)
    }
  }
}
