/** Tests of a store in the layout of a Go store, without Go. The table must exist. */

import { suite, test } from 'node:test'
import type { SessionStore } from 'silverback'
import { storeSuite } from 'silverback/testing'
import { testSharedLayout } from '../../stores/custom/shared-layout.ts'
import { keys } from '../../support/keys.ts'

interface Options {
  keyPairs: readonly Uint8Array[]
  duplicateCookies: 'try-all'
  options: { maxAge: number }
}

type StoreTest = NonNullable<NonNullable<Parameters<typeof storeSuite>[2]>['expectFailure']>[number]

/**
 * Registers the tests.
 *
 * @param expectFailure - tests of the suite for stores that the layout cannot pass
 */
export function testStore(
  openWith: (options: Options) => SessionStore,
  ...expectFailure: StoreTest[]
): void {
  const open = (): SessionStore =>
    openWith({
      keyPairs: keys,
      duplicateCookies: 'try-all',
      options: { maxAge: 600 },
    })
  suite('as a store', () => {
    storeSuite(test, () => ({ store: open(), reopen: open }), { expectFailure })
    testSharedLayout(open)
  })
}
