/**
 * Measures the apps of a pair side by side.
 *
 * @module
 */

import { type Operation, operations } from './app.ts'
import { applyLoad, connections, type Load } from './load.ts'
import type { Pair } from './pairs.ts'
import { type BenchRedis, startBenchRedis, type Traffic } from './redis.ts'
import { type AppServer, startApp } from './server.ts'
import { checkSessions, countVisits, loggedIn, type Visitor } from './visitors.ts'

export interface Settings {
  readonly rounds: number
  /** The length of one run. */
  readonly seconds: number
}

/** What was measured in one round. */
export interface Round {
  readonly ours: Readonly<Record<Operation, Load>>
  readonly peer: Readonly<Record<Operation, Load>>
  /** Without a session, so there is only one operation. */
  readonly bare: Load
}

export interface PairResult {
  readonly pair: Pair
  readonly rounds: readonly Round[]
  /** What one request sends to Redis. */
  readonly traffic?: Readonly<Record<'ours' | 'peer', Readonly<Record<Operation, Traffic>>>>
}

export const visitorCount = 50

/** An app with visitors who are logged in. */
interface Subject {
  readonly server: AppServer
  readonly visitors: readonly Visitor[]
}

type Runs = readonly { readonly side: 'ours' | 'peer' | 'bare'; readonly operation: Operation }[]

// The app without sessions is measured between the reads, which are compared with it most closely.
const runs: Runs = [
  { side: 'ours', operation: 'read' },
  { side: 'peer', operation: 'read' },
  { side: 'bare', operation: 'read' },
  { side: 'ours', operation: 'change' },
  { side: 'peer', operation: 'change' },
]

/** Rejects if an app fails, or if its sessions do not work. */
export async function measurePair(pair: Pair, settings: Settings): Promise<PairResult> {
  const redis = pair.needsRedis ? await startBenchRedis() : undefined
  const servers: AppServer[] = []
  try {
    for (const { app } of [pair.ours, pair.peer, pair.bare]) {
      servers.push(await startApp(app, { redisUrl: redis?.url }))
    }
    const [ours, peer, bare] = servers as [AppServer, AppServer, AppServer]
    const subjects = {
      ours: await subjectOf(ours),
      peer: await subjectOf(peer),
      // Logging in to it sets no cookies, but its requests must not be shorter than the others.
      bare: { server: bare, visitors: [] as readonly Visitor[] },
    }
    subjects.bare.visitors = subjects.ours.visitors
    const traffic = redis && {
      ours: await trafficOf(subjects.ours, redis),
      peer: await trafficOf(subjects.peer, redis),
    }
    await runAll(subjects, runs, settings.seconds) // warms up
    const rounds: Round[] = []
    for (let round = 0; round < settings.rounds; round++) {
      // Every other round runs backwards, so that none always follows the same one.
      const ordered = round % 2 === 0 ? runs : runs.toReversed()
      rounds.push(await runAll(subjects, ordered, settings.seconds))
    }
    return { pair, rounds, ...(traffic && { traffic }) }
  } finally {
    await Promise.all(servers.map(server => server.stop()))
    await redis?.stop()
  }
}

async function subjectOf(server: AppServer): Promise<Subject> {
  await checkSessions(server.app, server.origin)
  return { server, visitors: await loggedIn(server.origin, visitorCount) }
}

async function runAll(
  subjects: Readonly<Record<'ours' | 'peer' | 'bare', Subject>>,
  ordered: Runs,
  seconds: number,
): Promise<Round> {
  const loads = new Map<string, Load>()
  for (const { side, operation } of ordered) {
    const load =
      operation === 'change'
        ? await checkedChange(subjects[side], seconds)
        : await applyLoad(subjects[side].server, subjects[side].visitors, operation, seconds)
    loads.set(`${side} ${operation}`, load)
  }
  const loadOf = (name: string): Load => loads.get(name) as Load
  return {
    ours: { read: loadOf('ours read'), change: loadOf('ours change') },
    peer: { read: loadOf('peer read'), change: loadOf('peer change') },
    bare: loadOf('bare read'),
  }
}

/** Rejects unless every request has incremented the visits of its visitor. */
export async function checkedChange(subject: Subject, seconds: number): Promise<Load> {
  const { server, visitors } = subject
  const before = await countVisits(server.origin, visitors)
  const load = await applyLoad(server, visitors, 'change', seconds)
  const growth = (await countVisits(server.origin, visitors)) - before
  // The requests that are under way at the end may count, though their responses do not.
  if (growth < load.requests || growth > load.requests + connections) {
    throw new Error(`${server.app}: ${load.requests} requests made ${growth} visits`)
  }
  return load
}

async function trafficOf(
  { server, visitors }: Subject,
  redis: BenchRedis,
): Promise<Record<Operation, Traffic>> {
  const repetitions = 4
  const measured = {} as Record<Operation, Traffic>
  for (const operation of operations) {
    const total = await redis.traffic(async () => {
      for (let repetition = 0; repetition < repetitions; repetition++) {
        for (const visitor of visitors) await visitor.request(server.origin, operation)
      }
    })
    measured[operation] = perRequest(total, repetitions * visitors.length)
  }
  return measured
}

function perRequest({ calls, received, sent }: Traffic, requests: number): Traffic {
  return {
    calls: Object.fromEntries(
      Object.entries(calls).map(([name, count]) => [name, count / requests]),
    ),
    received: received / requests,
    sent: sent / requests,
  }
}
