/**
 * Opens folders of session files.
 *
 * @module
 */

import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { filesystem } from '../../backends/filesystem.ts'
import { FailedError } from '../lib/exit-codes.ts'
import type { Connect } from './connection.ts'
import { ignore } from './connection.ts'

export const connectFiles: Connect = async (url, { cwd, mayCreate }) => {
  url.parameters([])
  const folder = resolve(cwd, url.target)
  // The backend would create it.
  if (!mayCreate && !existsSync(folder)) throw new FailedError(`there is no folder ${folder}`)
  return { client: folder, backend: filesystem(folder), close: async () => ignore() }
}
