/**
 * Builds the apps and starts their processes.
 *
 * @module
 */

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildPackage, bundle } from '../build.ts'

const folder = fileURLToPath(new URL('.', import.meta.url))
const output = fileURLToPath(new URL('../dist/http', import.meta.url))

/** The names of the apps. */
export const apps: readonly string[] = readdirSync(`${folder}apps`).map(file =>
  basename(file, '.ts'),
)

/** An app that listens in a process of its own. */
export interface AppServer {
  readonly app: string
  readonly origin: string
  /** Returns the processor time that the process has used so far, all threads together, in microseconds. */
  processorTime(): Promise<number>
  /** Resolves once the process has ended. */
  stop(): Promise<void>
}

/** Builds the package as it is published, and a program for every app that imports that build. */
export async function buildApps(): Promise<void> {
  buildPackage()
  // One bundle each, so that a process loads only the packages of its own app.
  await bundle([`${folder}program.ts`, ...apps.map(app => `${folder}apps/${app}.ts`)], output)
}

/** Starts an app. Rejects with the output of its process if that ends before the app listens. */
export async function startApp(
  app: string,
  { redisUrl, execArgv = [] }: { redisUrl?: string | undefined; execArgv?: readonly string[] } = {},
): Promise<AppServer> {
  const child = fork(`${output}/program.js`, [app], {
    execArgv: [...execArgv],
    env: { ...process.env, NODE_ENV: 'production', ...(redisUrl && { BENCH_REDIS_URL: redisUrl }) },
    silent: true,
  })
  // express-session warns of its MemoryStore in production, so the output matters only after a failure.
  let errors = ''
  child.stdout?.resume()
  child.stderr?.on('data', chunk => {
    errors += chunk
  })
  const ended = once(child, 'exit')
  const receive = async (): Promise<number> => {
    const waiting = new AbortController()
    try {
      const failed = ended.then(() => {
        throw new Error(`the app ${app} ended unexpectedly\n${errors}`)
      })
      const message = once(child, 'message', { signal: waiting.signal })
      return ((await Promise.race([message, failed])) as [number])[0]
    } finally {
      waiting.abort()
    }
  }
  const port = await receive()
  return {
    app,
    origin: `http://127.0.0.1:${port}`,
    processorTime() {
      child.send('processorTime')
      return receive()
    },
    stop: () => disconnect(child, ended),
  }
}

async function disconnect(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  if (child.connected) child.disconnect()
  await ended
}
