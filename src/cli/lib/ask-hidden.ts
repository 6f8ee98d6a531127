/**
 * Reads a line that the terminal does not show.
 *
 * @module
 */

import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'

/**
 * Resolves to the line that is typed or pasted, of any length: a terminal that collects the line itself stops at 4095
 * characters. Rejects when the signal is aborted, which Ctrl-C does.
 *
 * @param ask - asks for the line; called once the terminal no longer shows what is typed
 */
export async function askHidden(ask: () => void, signal: AbortSignal): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true })
  // In this mode the terminal sends no signal for Ctrl-C.
  lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'))
  try {
    ask()
    return await lines.question('', { signal })
  } finally {
    lines.close()
  }
}
