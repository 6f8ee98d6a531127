/**
 * A client on Node's `http` and `net`, which Bun and Deno have too.
 *
 * @module
 */

import { Agent, type IncomingMessage, request } from 'node:http'
import { connect } from 'node:net'
import type { Readable } from 'node:stream'
import type { Client, Head, OpenedResponse, RequestOptions, ResponseBody } from './browser.ts'

const keptConnection = new Agent({ keepAlive: true, maxSockets: 1 })

/** A client that sends requests from this process. */
export const nodeClient: Client = {
  async open(origin, path, options, keepAlive) {
    const response = await send(new URL(path, origin), options, keepAlive)
    return openedResponse(response)
  },

  async raw(origin, path, headerLines) {
    const { hostname, port } = new URL(origin)
    const socket = connect(Number(port), hostname)
    await new Promise<void>((resolve, reject) =>
      socket.once('connect', resolve).once('error', reject),
    )
    // The server may close the connection during a write.
    socket.on('error', () => {})
    const lines = [`GET ${path} HTTP/1.1`, 'Host: localhost', 'Connection: close', ...headerLines]
    socket.write(Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'))
    return bodyOn(socket, 'latin1')
  },
}

function send(url: URL, options: RequestOptions, keepAlive: boolean): Promise<IncomingMessage> {
  const { method = 'GET', headers = {}, body } = options
  return new Promise((resolve, reject) => {
    request(url, { agent: keepAlive ? keptConnection : new Agent(), method, headers })
      .on('response', resolve)
      .on('error', reject)
      .end(body)
  })
}

function openedResponse(response: IncomingMessage): OpenedResponse {
  return { head: headOf(response), ...bodyOn(response, 'utf8') }
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

/** Wraps a stream, without reading from it until requested. */
function bodyOn(source: Readable, encoding: 'utf8' | 'latin1'): ResponseBody {
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
