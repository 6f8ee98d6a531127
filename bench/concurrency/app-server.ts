/** A process that serves the app. Its parent sends the store and the address, and receives the port. */

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type StoreName, stores, type TestedStore } from './stores.ts'

// Its parent has ended.
process.once('disconnect', () => process.exit())

process.once('message', async ([name, address]: [StoreName, string]) => {
  const store: TestedStore = stores[name]
  const listener = await store.open(address)
  let pending = 0
  const server = createServer((request, response) => {
    // `GET` returns the number of operations in progress, including those whose visitor has disconnected.
    if (request.method === 'GET') {
      response.end(String(pending))
      return
    }
    pending++
    const end = response.end
    response.end = (...args: unknown[]) => {
      pending--
      return Reflect.apply(end, response, args)
    }
    listener(request, response)
  })
  // Keep idle connections open: closing one at the moment it is reused would fail the request.
  server.keepAliveTimeout = 0
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
})
