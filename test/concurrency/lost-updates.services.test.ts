/** Concurrent changes of one session, over stores that need a server. */

import { suite } from 'node:test'
import { lostUpdateTests, seed } from './lost-updates.ts'

suite(`concurrent changes of one session on servers, seed ${seed}`, () => lostUpdateTests(true))
