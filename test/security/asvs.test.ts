/** What `docs/security/asvs.md` claims is tested is tested: each test that it names is run here. */

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { namedTests, rows } from './asvs.ts'

/** Requirements of ASVS 5.0: chapter V7, and of V3 those that concern cookies. */
const requirements = [
  ...['7.1.1', '7.1.2', '7.1.3', '7.2.1', '7.2.2', '7.2.3', '7.2.4', '7.3.1', '7.3.2'],
  ...['7.4.1', '7.4.2', '7.4.3', '7.4.4', '7.4.5', '7.5.1', '7.5.2', '7.5.3', '7.6.1', '7.6.2'],
  ...['3.3.1', '3.3.2', '3.3.3', '3.3.4', '3.3.5', '3.4.1', '3.5.1', '3.5.3'],
]

suite('ASVS', () => {
  test('every requirement has its row, and what is not yours has a test', () => {
    assert.deepEqual(
      rows.map(({ id }) => id),
      requirements,
    )
    for (const { id, who, tests } of rows) {
      assert.match(who, /^(enforced|offered|yours)/, id)
      assert.ok(who === 'yours' || tests.size > 0, id)
    }
  })

  namedTests(false)
})
