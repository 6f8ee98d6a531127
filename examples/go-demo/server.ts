/**
 * Starts the demo that can share its visitors with a Go program: `npm run demo:go`.
 *
 * | variable | |
 * |---|---|
 * | `PORT` | the port to listen on; 0 picks a free one. Default: 3000 |
 * | `SESSION_DIR` | the folder for session files. Default: a temporary folder, removed on exit |
 * | `SESSION_KEYS` | hash and block keys in hex, separated by commas, newest pair first. Default: random keys |
 *
 * @module
 */

import { randomUUID } from 'node:crypto'
import { rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { app } from './app.ts'
import { newKeyPair, parseKeys, Stores } from './stores.ts'

const { PORT = '3000', SESSION_DIR, SESSION_KEYS } = process.env
const folder = SESSION_DIR || join(tmpdir(), `silverback-go-demo-${randomUUID()}`)
const keys = SESSION_KEYS ? parseKeys(SESSION_KEYS) : newKeyPair()
const server = createServer(app(new Stores(folder, keys)))

server.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EADDRINUSE') throw error
  console.error(`Port ${PORT} is already in use. Choose another one: PORT=3001 npm run demo:go`)
  process.exitCode = 1
})

// Listen on this machine only, because the demo uses plain HTTP.
server.listen(Number(PORT), '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    server.close()
    server.closeAllConnections()
    if (!SESSION_DIR) rmSync(folder, { recursive: true, force: true })
  })
}
