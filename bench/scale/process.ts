/** Measures one backend in a process of its own, so that the garbage of one does not slow the next. */

import { measure } from './measure.ts'

const [backend = '', ...counts] = process.argv.slice(2)
const measured = await measure(backend, counts.map(Number))
process.send?.(measured, () => process.exit())
