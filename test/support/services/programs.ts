/**
 * Programs of this machine that tests run against: Go, a browser, servers.
 *
 * A test whose program is missing is skipped with a line that says so; with `REQUIRE_SERVICES=1`
 * it fails instead.
 */

import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Where a program may be called differently, or lie outside of the PATH. */
const names: Record<string, string[]> = {
  chromium: ['chromium', 'chromium-browser', 'google-chrome'],
}
const extraFolders = ['/usr/sbin', '/usr/local/go/bin', '/usr/lib/postgresql/15/bin']

/** The path of the program, or undefined when it is not installed. */
export function findProgram(program: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...extraFolders]
  return (names[program] ?? [program])
    .flatMap(name => folders.map(folder => join(folder, name)))
    .find(isExecutable)
}

/** The `skip` option of a test that needs these programs. Throws where they are required. */
export function needs(...programs: string[]): { skip: string | false } {
  return skipWithout(programs.filter(program => !findProgram(program)))
}

/** The `skip` option of a test that misses these. Throws where they are required. */
export function skipWithout(missing: string[]): { skip: string | false } {
  if (missing.length === 0) return { skip: false }
  const reason = `${missing.join(' and ')} not installed`
  if (process.env.REQUIRE_SERVICES === '1') throw new Error(`REQUIRE_SERVICES=1, but ${reason}`)
  return { skip: reason }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
