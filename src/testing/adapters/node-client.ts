/**
 * Requests by Node's `http` and `net`, which Bun and Deno have as well.
 *
 * @module
 */

import { Agent, type IncomingMessage, request } from 'node:http'
import { connect } from 'node:net'
import type { Readable } from 'node:stream'
import type { Asking, Client, Coming, Head, Opened } from './browser.ts'

const keptConnection = new Agent({ keepAlive: true, maxSockets: 1 })

/** Sends requests from this process. */
export const nodeClient: Client = {
  async open(origin, path, asking, isKept) {
    const response = await send(new URL(path, origin), asking, isKept)
    return openedBy(response)
  },

  async raw(origin, path, headerLines) {
    const { hostname, port } = new URL(origin)
    const socket = connect(Number(port), hostname)
    await new Promise<void>((resolve, reject) =>
      socket.once('connect', resolve).once('error', reject),
    )
    // A server may end the connection while it is written to.
    socket.on('error', () => {})
    const lines = [`GET ${path} HTTP/1.1`, 'Host: localhost', 'Connection: close', ...headerLines]
    socket.write(Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'))
    return comingOn(socket, 'latin1')
  },
}

function send(url: URL, asking: Asking, isKept: boolean): Promise<IncomingMessage> {
  const { method = 'GET', headers = {}, body } = asking
  return new Promise((resolve, reject) => {
    request(url, { agent: isKept ? keptConnection : new Agent(), method, headers })
      .on('response', resolve)
      .on('error', reject)
      .end(body)
  })
}

function openedBy(response: IncomingMessage): Opened {
  return { head: headOf(response), ...comingOn(response, 'utf8') }
}

function headOf(response: IncomingMessage): Head {
  const { 'set-cookie': cookies = [], ...headers } = response.headers
  return {
    status: response.statusCode ?? 0,
    reason: response.statusMessage ?? '',
    headers: headers as Record<string, string | undefined>,
    cookies,
  }
}

/** Nothing is read before it is asked for. */
function comingOn(source: Readable, encoding: 'utf8' | 'latin1'): Coming {
  return {
    async begun() {
      await new Promise(resolve => source.once('readable', resolve))
    },
    async text() {
      source.setEncoding(encoding)
      let text = ''
      for await (const chunk of source) text += chunk
      return text
    },
    async leave() {
      if (source.closed) return
      source.destroy()
      await new Promise(resolve => source.once('close', resolve))
    },
  }
}
