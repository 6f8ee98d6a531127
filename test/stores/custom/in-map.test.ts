/** The store over a Map that docs/custom-stores.md prints. */

import { suite, test } from 'node:test'
import { type Codec, type Persistence, Sealed, SessionStore } from 'silverback'
import { storeSuite } from 'silverback/testing'
import { keys } from '../../support/keys.ts'
import { printed } from './printed.ts'

const inMap = await printed<(codecs: readonly Codec[]) => Persistence>('inMap')

suite('the documented store over a Map', () =>
  storeSuite(test, now => {
    const codecs = [new Sealed({ keys, purpose: 'map id', now })]
    const persistence = inMap(codecs)
    const reopen = (): SessionStore => new SessionStore(persistence, { now })
    return { store: reopen(), reopen }
  }))
