/** Sessions in dynalite, a DynamoDB emulator, that are shared with Go's dynastore. */

import { after, before, suite } from 'node:test'
import * as commands from '@aws-sdk/lib-dynamodb'
import { dynastore } from 'silverback/go/dynastore'
import { usePeer } from '../../interop/peer.ts'
import { type DynamoDBServer, startDynamoDB } from '../../support/services/dynamodb-server.ts'
import { needs } from '../../support/services/programs.ts'
import { testSharedWithGo } from './shared-with-go.ts'
import { testStore } from './store.ts'

suite('sessions in DynamoDB shared with Go', needs('go'), () => {
  const peer = usePeer('stores')
  let server: DynamoDBServer
  let client: commands.DynamoDBDocumentClient
  let table: string
  before(async () => {
    server = await startDynamoDB()
    client = server.connect()
    table = await server.createTable()
  })
  after(() => server.stop())

  for (const format of ['', 'signed']) {
    suite(`dynastore ${format}`, () => {
      testSharedWithGo(peer, {
        open: (keyPairs, options) =>
          dynastore(client, commands, {
            table,
            ...(format && { keyPairs, maxLength: 0 }),
            ...options,
          }),
        go: () => ({ kind: 'dynastore', server: `http://127.0.0.1:${server.port}`, table, format }),
        setsCookieOnce: true,
      })
      testStore(
        ({ keyPairs, ...options }) =>
          dynastore(client, commands, { ...options, table, ...(format && { keyPairs }) }),
        // The id is not signed, so that nothing binds it to the name of its cookie.
        ...(format === '' ? (['sessions of two names do not mix'] as const) : []),
      )
    })
  }
})
