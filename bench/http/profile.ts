/**
 * Profiles one app under load.
 *
 * @module
 */

import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Operation, operations } from './app.ts'
import { applyLoad } from './load.ts'
import { visitorCount } from './measure.ts'
import { startBenchRedis } from './redis.ts'
import { apps, startApp } from './server.ts'
import { checkSessions, loggedIn } from './visitors.ts'

/** What the benchmark uses of a file of `--cpu-prof`. */
interface Profile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: {
      readonly functionName: string
      readonly url: string
      readonly lineNumber: number
    }
  }[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

/** Runs an app once for each operation. Returns the paths of the profiles and their most expensive functions. */
export async function profileApp(app: string, seconds: number): Promise<string> {
  if (!apps.includes(app)) {
    throw new RangeError(`there is no app ${JSON.stringify(app)}; the apps are ${apps.join(', ')}`)
  }
  const redis = app.includes('redis') ? await startBenchRedis() : undefined
  try {
    const sections: string[] = []
    for (const operation of operations) {
      sections.push(await profileOperation(app, operation, seconds, redis?.url))
    }
    return sections.join('\n\n')
  } finally {
    await redis?.stop()
  }
}

async function profileOperation(
  app: string,
  operation: Operation,
  seconds: number,
  redisUrl: string | undefined,
): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), `${app}-${operation}-`))
  const server = await startApp(app, {
    redisUrl,
    execArgv: ['--cpu-prof', `--cpu-prof-dir=${folder}`],
  })
  try {
    if (!app.endsWith('-bare')) await checkSessions(app, server.origin)
    const visitors = await loggedIn(server.origin, visitorCount)
    await applyLoad(server, visitors, operation, seconds)
  } finally {
    await server.stop()
  }
  const [file = ''] = readdirSync(folder)
  const path = join(folder, file)
  const profile = JSON.parse(readFileSync(path, 'utf8')) as Profile
  return [`${app}, ${operation}: ${path}`, ...mostExpensive(profile, 25)].join('\n')
}

/** The functions with the most time of their own, in percent of the time that the app was not idle. */
function mostExpensive({ nodes, samples, timeDeltas }: Profile, count: number): string[] {
  const places = new Map(nodes.map(({ id, callFrame }) => [id, placeOf(callFrame)]))
  const times = new Map<string, number>()
  for (const [index, sample] of samples.entries()) {
    const place = places.get(sample) as string
    if (place.startsWith('(idle)')) continue
    times.set(place, (times.get(place) ?? 0) + (timeDeltas[index] as number))
  }
  const total = [...times.values()].reduce((sum, time) => sum + time, 0)
  return [...times]
    .sort(([, a], [, b]) => b - a)
    .slice(0, count)
    .map(([place, time]) => `${((time / total) * 100).toFixed(1).padStart(6)} %  ${place}`)
}

function placeOf({ functionName, url, lineNumber }: Profile['nodes'][0]['callFrame']): string {
  const file = url.replace(/^.*\/(?=node_modules\/|dist\/)/, '')
  return `${functionName || '(anonymous)'}${file ? `  ${file}:${lineNumber + 1}` : ''}`
}
