/** `npm run docs:plots`: draws the committed results. */

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { folder, plots } from './plots.ts'

mkdirSync(folder, { recursive: true })
for (const [name, text] of Object.entries(plots())) writeFileSync(join(folder, name), text)
