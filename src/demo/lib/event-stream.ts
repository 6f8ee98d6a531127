/**
 * Server-sent events, which notify an open page that it is out of date.
 *
 * @module
 */

import type { ServerResponse } from 'node:http'

/** A connection to an open page. `assets/client.js` is its other end. */
export interface EventStream {
  /** Reports that the page has changed. */
  change(): void
  /** Reports the last change, after which the page need not listen any more. */
  end(): void
  /** Calls the listener once the page has been closed. */
  onClose(listener: () => void): void
}

/** Turns a response into a stream of events. */
export function eventStream(response: ServerResponse): EventStream {
  response.writeHead(200, { 'Content-Type': 'text/event-stream' })
  response.write(': connected\n\n')
  const send = (event: string): void => {
    if (!response.writableEnded) response.write(`event: ${event}\ndata:\n\n`)
  }
  return {
    change: () => send('change'),
    end() {
      send('end')
      response.end()
    },
    onClose: listener => void response.once('close', listener),
  }
}
