/** Serves cases in Node. */

import { serveWeb } from '../apps/web.ts'
import { caseServer } from './cases.ts'

const { origin } = await serveWeb(caseServer(serveWeb))
console.log(`cases at ${origin}`)
