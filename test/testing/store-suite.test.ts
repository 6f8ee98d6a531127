/** Every store of the package passes the suite for stores. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { type Backend, CookieStore, FilesystemStore, ServerStore, type Store } from 'silverback'
import { cookieStore, filesystemStore } from 'silverback/gorilla'
import { memory } from 'silverback/memory'
import { codecsFromPairs, gob, plainJson } from 'silverback/securecookie'
import { type OpenStore, type StoreSuiteOptions, storeSuite } from 'silverback/testing'
import { keys } from '../support/keys.ts'

const stores: Record<string, (now: () => number) => OpenStore> = {
  'cookie store': now => ({ store: new CookieStore({ keys, now }) }),
  'cookie store with revocation': now => ({
    store: new CookieStore({ keys, now, revocation: memory({ now }) }),
  }),
  'cookie store in chunks': now => ({ store: new CookieStore({ keys, now, tooLarge: 'chunk' }) }),
  'cookie store that spills': now => ({
    store: new CookieStore({ keys, now, tooLarge: 'spill', spillTo: memory({ now }) }),
  }),
  'cookie store with Go codecs and JSON': now => ({
    store: new CookieStore({
      codecs: codecsFromPairs([keys[0]], { now, serializer: plainJson }),
      now,
    }),
  }),
  'filesystem store': now => inFolder(folder => new FilesystemStore(folder, { keys, now })),
  'server store': now => counted(memory({ now }), backend => new ServerStore(backend, { now })),
  'server store with keys': now =>
    counted(memory({ now }), backend => new ServerStore(backend, { keys, now })),
  'server store with encryption': now =>
    counted(memory({ now }), backend => new ServerStore(backend, { keys, encrypt: true, now })),
  'server store with gob': now =>
    counted(memory({ now }), backend => new ServerStore(backend, { serializer: gob, now })),
}

for (const [name, open] of Object.entries(stores)) {
  suite(name, () => storeSuite(test, open))
}

// As in Go, every save writes, even of an unchanged session.
const savesEverything: StoreSuiteOptions = {
  expectFailure: [
    'a new session without values is not stored',
    'an unchanged session is not written and gets no cookie',
  ],
}
suite('gorilla cookie store', () =>
  storeSuite(test, () => ({ store: cookieStore(...keys) }), savesEverything))
suite('gorilla filesystem store', () =>
  storeSuite(test, () => inFolder(folder => filesystemStore(folder, ...keys)), savesEverything))

function inFolder(open: (folder: string) => Store): OpenStore {
  const folder = mkdtempSync(join(tmpdir(), 'store-suite-'))
  return { store: open(folder), close: () => rmSync(folder, { recursive: true }) }
}

/** A store over this backend, whose calls that write are counted. */
function counted(backend: Backend, open: (backend: Backend) => Store): OpenStore {
  let writes = 0
  const observed: Backend = {
    load: (...args) => backend.load(...args),
    create: (...args) => {
      writes++
      return backend.create(...args)
    },
    update: (...args) => {
      writes++
      return backend.update(...args)
    },
    touch: (...args) => {
      writes++
      return backend.touch(...args)
    },
    delete: (...args) => {
      writes++
      return backend.delete(...args)
    },
  }
  return { store: open(observed), writes: () => writes }
}
