/** Sessions in FerretDB that are shared with Go's two mongostore modules. */

import { after, before, suite } from 'node:test'
import { MongoClient, ObjectId } from 'mongodb'
import { mongostore } from 'silverback/go/mongostore'
import { usePeer } from '../../interop/peer.ts'
import { type FerretdbServer, startFerretdb } from '../../support/services/ferretdb-server.ts'
import { type OpQueryProxy, startOpQueryProxy } from '../../support/services/op-query-proxy.ts'
import { needs } from '../../support/services/programs.ts'
import { testSharedWithGo } from './shared-with-go.ts'
import { testStore } from './store.ts'

suite('sessions in FerretDB shared with Go', needs('go'), () => {
  const peer = usePeer('stores')
  let server: FerretdbServer
  let client: MongoClient
  let proxy: OpQueryProxy
  before(async () => {
    server = await startFerretdb()
    // FerretDB 1 does not update documents atomically: it reads, compares and writes, and other commands may come
    // in between. One connection serialises them.
    client = await MongoClient.connect(server.url, { maxPoolSize: 1 })
    proxy = await startOpQueryProxy(server.url)
  })
  after(async () => {
    await client.close()
    await proxy.stop()
    await server.stop()
  })
  const collection = (name: string): ReturnType<ReturnType<MongoClient['db']>['collection']> =>
    client.db('test').collection(name)

  const layouts = [
    { kind: 'laziness-coders/mongostore', table: 'laziness', ids: {}, url: () => server.url },
    // Its driver speaks the protocol before MongoDB 3.6, which FerretDB does not.
    { kind: 'kidstuff/mongostore', table: 'kidstuff', ids: { ObjectId }, url: () => proxy.url },
  ]
  for (const { kind, table, ids, url } of layouts) {
    suite(kind, () => {
      testSharedWithGo(peer, {
        open: (keyPairs, options) =>
          mongostore(collection(table), { keyPairs, maxLength: 0, ...ids, ...options }),
        go: () => ({ kind, server: url(), table }),
        expiresByStore: true,
        losesUpdates: true,
      })
      testStore(options => mongostore(collection(table), { ...options, ...ids }))
    })
  }
})
