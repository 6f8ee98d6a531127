/**
 * Runs a case of the adapter suite.
 *
 * @module
 */

import { Browser, type Client } from './browser.ts'
import type { Case, CaseContext, RunningApp, StartApp } from './case.ts'
import { type AdapterCaseName, cases } from './cases.ts'
import { cookieStore } from './stores.ts'

/** A case that takes longer fails. Much longer than a busy machine needs, since only a response that never comes takes so long. */
const timeoutSeconds = 60

/**
 * Runs one case with its own apps. Resolves with the error if it fails, and with undefined otherwise.
 *
 * @param startApp - starts an app in the framework
 * @param client - sends the requests
 */
export async function runCase(
  name: AdapterCaseName,
  startApp: StartApp,
  client: Client,
): Promise<Error | undefined> {
  const check: Case = cases[name]
  const running: RunningApp[] = []
  let isOver = false
  const context: CaseContext = {
    async start(routes, { sources, saveOnError, lazy, guards = {}, onError = () => {} } = {}) {
      const app = await startApp({
        sources: sources ?? { store: cookieStore(), name: 'login' },
        options: { onError, ...(saveOnError && { saveOnError }), ...(lazy && { lazy }) },
        guards,
        handle(visit) {
          const path = visit.path.split('?')[0] as string
          const handle = routes[path]
          if (!handle) throw new Error(`the case has no handler for ${path}`)
          return handle(visit)
        },
      })
      // If the case has timed out meanwhile, nothing else would close the app.
      if (isOver) await app.close()
      else running.push(app)
      return {
        browser: options => new Browser(client, app.origin, options),
        raw: (path, headerLines) => client.raw(app.origin, path, headerLines),
      }
    },
  }
  let timer: ReturnType<typeof setTimeout> | undefined
  const timeout = new Promise<never>((_, reject) => {
    const late = (): void => reject(new Error(`not done after ${timeoutSeconds} seconds`))
    timer = setTimeout(late, timeoutSeconds * 1000)
  })
  try {
    await Promise.race([check(context), timeout])
    return undefined
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  } finally {
    clearTimeout(timer)
    isOver = true
    for (const app of running) await app.close()
  }
}
