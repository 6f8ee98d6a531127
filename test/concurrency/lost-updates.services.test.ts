/** The same against servers. */

import { suite } from 'node:test'
import { lostUpdateTests, seed } from './lost-updates.ts'

suite(`many change one session at once, in servers, seed ${seed}`, () => lostUpdateTests(true))
