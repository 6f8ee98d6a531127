/** The tests named by `docs/security/asvs.md` that need a browser. */

import { suite } from 'node:test'
import { needs } from '../support/services/programs.ts'
import { namedTests } from './asvs.ts'

suite('ASVS, in a browser', needs('chromium'), () => namedTests(true))
