/** Reads the files of the repository. */

import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

export const text = (path: string): string => readFileSync(root + path, 'utf8')
export const exists = (path: string): boolean => existsSync(root + path)
export const json = (path: string) => JSON.parse(text(path))
export { root }
