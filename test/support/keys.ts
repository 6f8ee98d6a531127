/** Random keys for tests. */

import { randomBytes } from 'node:crypto'

/** Two keys, newest first, different in every run. */
export const keys: readonly [Buffer, Buffer] = [randomBytes(32), randomBytes(32)]
