/** Checks `docs/security/asvs.md` and runs every test that it names. */

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { namedTests, notPassed, root, rows, run } from './asvs.ts'

/** Requirements of ASVS 5.0: all of chapter V7, and those of V3 that concern cookies. */
const requirements = [
  ...['7.1.1', '7.1.2', '7.1.3', '7.2.1', '7.2.2', '7.2.3', '7.2.4', '7.3.1', '7.3.2'],
  ...['7.4.1', '7.4.2', '7.4.3', '7.4.4', '7.4.5', '7.5.1', '7.5.2', '7.5.3', '7.6.1', '7.6.2'],
  ...['3.3.1', '3.3.2', '3.3.3', '3.3.4', '3.3.5', '3.4.1', '3.5.1', '3.5.3'],
]

suite('ASVS', () => {
  test('the table has every requirement, and names tests for all but those left to the app', () => {
    assert.deepEqual(
      rows.map(({ id }) => id),
      requirements,
    )
    for (const { id, who, tests } of rows) {
      assert.match(who, /^(enforced|offered|yours)/, id)
      assert.ok(who === 'yours' || tests.size > 0, id)
    }
  })

  for (const [file, names] of namedTests()) {
    test(`the tests named from ${file} exist and pass`, async () => {
      assert.deepEqual(notPassed(names, await run(root, file, names)), [])
    })
  }
})
