/** Measures one place, in a process of its own: what one leaves behind is not in another's way. */

import { measure } from './measure.ts'

const [place = '', ...counts] = process.argv.slice(2)
const measured = await measure(place, counts.map(Number))
process.send?.(measured, () => process.exit())
