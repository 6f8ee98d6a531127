/** Keys for tests, made anew in each run. */

import { randomBytes } from 'node:crypto'

/** Two keys, newest first. */
export const keys: readonly [Buffer, Buffer] = [randomBytes(32), randomBytes(32)]
