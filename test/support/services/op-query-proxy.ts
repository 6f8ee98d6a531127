/**
 * A proxy that lets clients of MongoDB 3.4 and earlier speak to a server that understands OP_MSG only: it converts
 * commands in OP_QUERY to OP_MSG, and the responses to OP_REPLY.
 */

import type { AddressInfo } from 'node:net'
import { connect, createServer, type Socket } from 'node:net'

const opReply = 1
const opQuery = 2004
const opMsg = 2013

/** A running proxy. */
export interface OpQueryProxy {
  /** The connection string. */
  readonly url: string
  stop(): Promise<void>
}

/** Starts a proxy on a free loopback port. */
export async function startOpQueryProxy(serverUrl: string): Promise<OpQueryProxy> {
  const { hostname, port } = new URL(serverUrl)
  const sockets = new Set<Socket>()
  const server = createServer(client => {
    const upstream = connect(Number(port), hostname)
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        client.destroy()
        upstream.destroy()
      })
    }
    onMessage(client, message => upstream.write(toOpMsg(message)))
    onMessage(upstream, message => client.write(toOpReply(message)))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address() as AddressInfo
  return {
    url: `mongodb://127.0.0.1:${address.port}/`,
    async stop() {
      for (const socket of sockets) socket.destroy()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

/** Calls back with every message, which begins with its length. */
function onMessage(socket: Socket, callback: (message: Buffer) => void): void {
  let received = Buffer.alloc(0)
  socket.on('data', bytes => {
    received = Buffer.concat([received, bytes])
    while (received.length >= 4 && received.length >= received.readInt32LE(0)) {
      const length = received.readInt32LE(0)
      callback(received.subarray(0, length))
      received = received.subarray(length)
    }
  })
}

function toOpMsg(message: Buffer): Buffer {
  if (message.readInt32LE(12) !== opQuery) return message
  const end = message.indexOf(0, 20)
  const database = message.toString('utf8', 20, end).replace(/\.\$cmd$/, '')
  // Numbers to skip and to return, and the command.
  const start = end + 1 + 8
  const command = message.subarray(start, start + message.readInt32LE(start))
  const section = withString(command, '$db', database)
  return withHeader(message, opMsg, Buffer.from([0, 0, 0, 0, 0]), section)
}

function toOpReply(message: Buffer): Buffer {
  if (message.readInt32LE(12) !== opMsg) return message
  // Flags, cursor, start, and one document, which follows the flags and the kind of the section.
  const head = Buffer.alloc(20)
  head.writeInt32LE(8, 0)
  head.writeInt32LE(1, 16)
  const start = 16 + 5
  const document = message.subarray(start, start + message.readInt32LE(start))
  return withHeader(message, opReply, head, document.includes("'getnonce'") ? nonce : document)
}

/** `{ nonce: '0' }`: such clients ask for one when they connect, even if they do not authenticate. */
const nonce = withString(Buffer.from([5, 0, 0, 0, 0]), 'nonce', '0')

function withHeader(message: Buffer, operation: number, ...parts: Buffer[]): Buffer {
  const header = Buffer.from(message.subarray(0, 16))
  const all = Buffer.concat([header, ...parts])
  all.writeInt32LE(all.length, 0)
  all.writeInt32LE(operation, 12)
  return all
}

/** A BSON document with one more string. */
function withString(document: Buffer, key: string, value: string): Buffer {
  const length = Buffer.alloc(4)
  length.writeInt32LE(Buffer.byteLength(value) + 1)
  const result = Buffer.concat([
    document.subarray(0, -1),
    Buffer.from(`\u0002${key}\0`),
    length,
    Buffer.from(`${value}\0\0`),
  ])
  result.writeInt32LE(result.length, 0)
  return result
}
