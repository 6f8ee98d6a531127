/**
 * `silverback demo`.
 *
 * @module
 */

import { once } from 'node:events'
import type { RunningDemo } from '../../demo/start.ts'
import { hasCode } from '../../runtime/files.ts'
import { type Context, command } from '../lib/command.ts'
import { FailedError, UsageError } from '../lib/exit-codes.ts'
import { printable } from '../lib/style.ts'

export default command({
  description: 'Start a demo that you open in a browser on this machine',
  args: {
    port: {
      type: 'string',
      default: '3000',
      valueHint: 'PORT',
      description: 'The port to listen on; 0 picks a free one',
    },
  },
  async run({ port }, context) {
    const { url, close } = await start(portOf(port), context)
    const { style } = context
    context.print(`The demo is listening on ${style.name(url)}. Press Ctrl-C to end it.`, { url })
    if (!context.signal.aborted) await once(context.signal, 'abort')
    await close()
    return undefined
  },
})

async function start(port: number, { signal }: Context): Promise<RunningDemo> {
  const { startDemo } = await import('../../demo/start.ts')
  try {
    return await startDemo({ port, signal })
  } catch (error) {
    if (hasCode(error, 'EADDRINUSE')) {
      throw new FailedError(
        `Port ${port} is in use. Choose another one with --port ${port + 1}, or --port 0 for a free one.`,
      )
    }
    if (hasCode(error, 'EACCES')) {
      throw new FailedError(`Port ${port} is reserved for root. Choose one from 1024 with --port.`)
    }
    throw error
  }
}

function portOf(text: string): number {
  const port = Number(text)
  if (/^\d{1,5}$/.test(text) && port < 65_536) return port
  throw new UsageError(`--port must be an integer from 0 to 65535, not ${printable(text)}`)
}
