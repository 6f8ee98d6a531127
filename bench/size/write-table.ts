/** `npm run docs:sizes`: measures every entry and writes docs/sizes.md. */

import { writeFileSync } from 'node:fs'
import { measureEntries } from './entries.ts'
import { page, pageText } from './table.ts'

writeFileSync(page, pageText(await measureEntries()))
