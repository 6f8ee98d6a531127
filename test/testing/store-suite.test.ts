/** The suite for stores passes for every store of the package, and fails for broken ones. */

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import {
  type Backend,
  CookieStore,
  encodeMulti,
  FilesystemStore,
  json,
  newId,
  openCookie,
  type Persistence,
  payloadOf,
  Sealed,
  ServerStore,
  type SessionMetadata,
  SessionStore,
  type Store,
} from 'silverback'
import { cookieStore, filesystemStore } from 'silverback/gorilla'
import { memory } from 'silverback/memory'
import { codecsFromPairs, gob, plainJson } from 'silverback/securecookie'
import {
  type OpenStore,
  type StoreSuiteOptions,
  type StoreTestName,
  storeSuite,
} from 'silverback/testing'
import { keys } from '../support/keys.ts'

const stores: Record<string, (now: () => number) => OpenStore> = {
  'cookie store': now => reopenable(() => new CookieStore({ keys, now })),
  'cookie store with revocation': now => {
    const revocation = memory({ now, whenFull: 'throw' })
    return reopenable(() => new CookieStore({ keys, now, revocation }))
  },
  'cookie store in chunks': now =>
    reopenable(() => new CookieStore({ keys, now, tooLarge: 'chunk' })),
  'cookie store that spills': now => {
    const spillTo = memory({ now })
    return reopenable(() => new CookieStore({ keys, now, tooLarge: 'spill', spillTo }))
  },
  'cookie store with Go codecs and JSON': now =>
    reopenable(() => {
      const codecs = codecsFromPairs([keys[0]], { now, serializer: plainJson })
      return new CookieStore({ codecs, now })
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

// As in Go, every save writes, even of an unchanged session, and only the first cookie of a name is read.
const asInGo: StoreSuiteOptions = {
  expectFailure: [
    'a dead cookie of the same name does not hide the live one',
    'a new session without values is not stored',
    'an unchanged session is not written and gets no cookie',
  ],
}
suite('gorilla cookie store', () =>
  storeSuite(test, () => reopenable(() => cookieStore(...keys)), asInGo))
suite('gorilla filesystem store', () =>
  storeSuite(test, () => inFolder(folder => filesystemStore(folder, ...keys)), {
    expectFailure: [
      ...(asInGo.expectFailure ?? []),
      'signing out ends the sessions of all cookies of the name',
    ],
  }))

/** A persistence over a Map, with mistakes. */
interface Mistakes {
  sharesValues?: boolean
  revives?: boolean
  keepsOldIds?: boolean
  ignoresNames?: boolean
  writesBeforeSerializing?: boolean
  forgetsMetadata?: boolean
  erasesNothing?: boolean
}

function broken(mistakes: Mistakes): Persistence {
  const records = new Map<string, { values: object; metadata: SessionMetadata }>()
  const codecs = [new Sealed({ keys })]
  const nameOf = (name: string): string => (mistakes.ignoresNames ? 'any' : name)
  return {
    capabilities: new Set(['metadata', 'revocation']),
    serializer: json,
    read(name, text) {
      const cookie = openCookie(nameOf(name), text, codecs)
      if ('reason' in cookie) return cookie
      const id = String(cookie.opened.value)
      const record = records.get(id)
      if (!record) return { reason: 'unknown-id' }
      const payload = json.serialize(record.values)
      const values = mistakes.sharesValues ? record.values : json.deserialize(payload)
      const metadata = mistakes.forgetsMetadata ? {} : record.metadata
      return { id, values, payload, serializer: json, metadata }
    },
    write(draft) {
      const { id: old, rotation, metadata } = draft
      const isGone = old !== undefined && !records.has(old)
      if (isGone && !mistakes.revives) return undefined
      const id = old === undefined || (rotation && !mistakes.keepsOldIds) ? newId() : old
      if (mistakes.writesBeforeSerializing) records.set(id, { values: {}, metadata })
      const values = json.deserialize(payloadOf(draft, json)) as object
      if (old !== undefined) records.delete(old)
      records.set(id, { values, metadata })
      return { id, text: encodeMulti(nameOf(draft.name), id, codecs) }
    },
    erase({ id }) {
      if (!mistakes.erasesNothing) records.delete(id ?? '')
    },
  }
}

suite('storeSuite', () => {
  const mistakes: [Mistakes, StoreTestName[]][] = [
    [{}, []],
    [
      { sharesValues: true },
      [
        'a change that is not saved does not reach other requests',
        'a response that was already sent is refused before anything is written',
        'reload drops what this request has not saved',
        'values that cannot be serialized are refused and nothing is written',
      ],
    ],
    [
      { revives: true },
      [
        'a change by a slower request does not revive the id from before a rotation',
        'a slower request does not bring a destroyed session back',
      ],
    ],
    [
      { keepsOldIds: true },
      [
        'rotate sets a new cookie and keeps the values',
        'a change by a slower request does not revive the id from before a rotation',
        'login sets a new cookie and drops the values',
      ],
    ],
    [{ ignoresNames: true }, ['sessions of two names do not mix']],
    [
      { writesBeforeSerializing: true },
      ['values that cannot be serialized are refused and nothing is written'],
    ],
    [
      { forgetsMetadata: true },
      [
        'login sets a new cookie and drops the values',
        'owner, label and time of authentication are stored',
        'values that a newer release has migrated are not migrated again after a change by an older one',
        'values of a newer version are left as they are if the schema of an older release rejects them',
      ],
    ],
    [
      { erasesNothing: true },
      [
        'a Max-Age of 0 deletes the session and its cookie',
        'a dead cookie of the same name does not hide the live one',
        'a slower request does not bring a destroyed session back',
        'destroy deletes the session and its cookie',
        'reload rejects if the session has ended, and does not bring it back',
        'signing out ends the sessions of all cookies of the name',
      ],
    ],
  ]
  for (const [made, expected] of mistakes) {
    test(`detects ${Object.keys(made)[0] ?? 'no mistake in a correct store'}`, async () => {
      assert.deepEqual((await failuresOf(made)).sort(), expected.sort())
    })
  }

  test('tests listed in expectFailure must fail', async () => {
    const name = 'a request can save repeatedly'
    assert.deepEqual(await failuresOf({}, { expectFailure: [name] }), [
      `${name} (expected to fail)`,
    ])
  })
})

/** The names of the tests that a store with these mistakes fails. */
async function failuresOf(mistakes: Mistakes, options?: StoreSuiteOptions): Promise<string[]> {
  const failed: string[] = []
  const runs: Promise<void>[] = []
  const run = (name: string, check: () => Promise<void>): void => {
    runs.push(check().catch(() => void failed.push(name)))
  }
  const open = (now: () => number): OpenStore => {
    const persistence = broken(mistakes)
    return reopenable(() => new SessionStore(persistence, { now }))
  }
  storeSuite(run, open, options)
  await Promise.all(runs)
  return failed
}

function reopenable(open: () => Store): OpenStore {
  return { store: open(), reopen: open }
}

function inFolder(open: (folder: string) => Store): OpenStore {
  const folder = mkdtempSync(join(tmpdir(), 'store-suite-'))
  return {
    ...reopenable(() => open(folder)),
    close: () => rmSync(folder, { recursive: true }),
  }
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
  return { ...reopenable(() => open(observed)), writes: () => writes }
}
