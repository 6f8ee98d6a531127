/** Sessions for the tests of the command line, in the store of a URL. */

import { ServerStore, type ServerStoreOptions } from 'silverback'
import type { Connection } from '../../../src/cli/backends/connection.ts'
import { withConnection } from '../../../src/cli/backends/open.ts'
import { StoreUrl } from '../../../src/cli/backends/url.ts'
import { visit } from '../../support/http/visit.ts'

/** Opens the store of a URL in this process, and creates its tables. */
export function withDatabase<T>(
  url: string,
  use: (connection: Connection) => Promise<T>,
  cwd = process.cwd(),
): Promise<T> {
  const options = {
    cwd,
    signal: new AbortController().signal,
    mayCreate: true,
    check: async ({ backend }: Connection) => {
      // FerretDB has no TTL indexes.
      const ignored = url.startsWith('mongodb:') ? () => undefined : undefined
      await backend.ensureSchema?.().catch(ignored)
    },
  }
  return withConnection(StoreUrl.parse(url), options, use)
}

/** Signs these owners in. Resolves to the handles of their sessions, in this order. */
export function signIn(
  url: string,
  owners: readonly string[],
  options: ServerStoreOptions = {},
): Promise<string[]> {
  return withDatabase(url, async ({ backend }) => {
    const limitations = backend.limitations ?? []
    const store = new ServerStore(backend, { acceptLimitations: limitations, ...options })
    for (const owner of owners) {
      await visit(store, session => {
        session.login(owner)
        session.values.cart = ['book']
        session.values.apiToken = 'tok_1234567890'
      })
    }
    const all = await Promise.all([...new Set(owners)].map(owner => store.sessionsOf(owner)))
    const byOwner = new Map(all.flat().map(({ owner, handle }) => [owner, handle]))
    return owners.map(owner => byOwner.get(owner) as string)
  })
}
