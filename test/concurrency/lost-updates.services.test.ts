/** Concurrent changes of shared sessions, over stores that need a server. */

import { suite } from 'node:test'
import { lostUpdateTests, seed } from './lost-updates.ts'

suite(`concurrent changes of shared sessions on servers, seed ${seed}`, () => lostUpdateTests(true))
