/** Sessions in memcached that are shared with Go's gorilla-sessions-memcache. */

import { after, before, suite } from 'node:test'
import { MemcacheClient } from 'memcache-client'
import { type MemcachedClient, memcache } from 'silverback/go/memcache'
import { usePeer } from '../../interop/peer.ts'
import { type MemcachedServer, startMemcached } from '../../support/services/memcached-server.ts'
import { needs } from '../../support/services/programs.ts'
import { testSharedWithGo } from './shared-with-go.ts'
import { testStore } from './store.ts'

/** Returns items as they are. The client converts items without flags, as Go writes them, to strings. */
class BytesClient extends MemcacheClient {
  override _unpackValue({ data }: PackedData): Buffer {
    return Buffer.from(data as Buffer)
  }
}
type PackedData = Parameters<MemcacheClient['_unpackValue']>[0]

suite('sessions in memcached shared with Go', needs('go', 'memcached'), () => {
  const peer = usePeer('stores')
  let server: MemcachedServer
  let client: MemcacheClient
  let bytesClient: BytesClient
  before(async () => {
    server = await startMemcached()
    client = new MemcacheClient({ server: server.address })
    bytesClient = new BytesClient({ server: server.address })
  })
  after(async () => {
    client.shutdown()
    bytesClient.shutdown()
    await server.stop()
  })

  for (const method of ['securecookie', 'gob', 'json'] as const) {
    suite(`gorilla-sessions-memcache with the method ${method}`, () => {
      const prefix = `${method}_`
      const clientOf = (): MemcachedClient => (method === 'gob' ? bytesClient : client)
      testSharedWithGo(peer, {
        cannotList: true,
        isJson: method === 'json',
        open: (keyPairs, options) =>
          memcache(clientOf(), { keyPairs, prefix, method, maxLength: 0, ...options }),
        go: () => ({ kind: 'memcache', server: server.address, table: prefix, format: method }),
      })
      if (method !== 'json')
        testStore(options => memcache(clientOf(), { ...options, prefix, method }))
    })
  }
})
