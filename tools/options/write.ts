/** `npm run docs:options`: writes docs/reference/options.md. */

import { writeFileSync } from 'node:fs'
import { collectOptions } from './collect.ts'
import { page, pageText } from './page.ts'

writeFileSync(page, pageText(collectOptions()))
