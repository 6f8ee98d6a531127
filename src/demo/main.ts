/**
 * The program behind `npm run demo`. The variable `PORT` sets its port; 0 picks a free one.
 *
 * @module
 */

import { startDemo } from './start.ts'

const port = Number(process.env.PORT ?? 3000)
const ended = new AbortController()
for (const name of ['SIGINT', 'SIGTERM']) process.once(name, () => ended.abort())

try {
  const { url } = await startDemo({ port, signal: ended.signal })
  console.log(`The demo is listening on ${url}. Press Ctrl-C to end it.`)
} catch (error) {
  if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
  console.error(`${(error as Error).message}; choose another one: PORT=3001 npm run demo`)
  process.exitCode = 1
}
