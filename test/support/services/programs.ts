/**
 * Finds the programs that tests need: Go, a browser, servers.
 *
 * A test whose program is missing is skipped with a message; with `REQUIRE_SERVICES=1` it fails.
 */

import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Programs that have several possible names. */
const names: Record<string, string[]> = {
  chromium: ['chromium', 'chromium-browser', 'google-chrome'],
}
/** Folders that are searched in addition to the PATH. */
const extraFolders = ['/usr/sbin', '/usr/local/go/bin', '/usr/lib/postgresql/15/bin']

/** Returns the path of a program, or undefined if it is not installed. */
export function findProgram(program: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...extraFolders]
  return (names[program] ?? [program])
    .flatMap(name => folders.map(folder => join(folder, name)))
    .find(isExecutable)
}

/**
 * Returns the `skip` option of a test that needs these programs. Throws if one is missing and
 * `REQUIRE_SERVICES=1` is set.
 */
export function needs(...programs: string[]): { skip: string | false } {
  return skipWithout(programs.filter(program => !findProgram(program)))
}

/**
 * Returns the `skip` option of a test, given what it misses. Throws if it misses anything and `REQUIRE_SERVICES=1` is
 * set.
 */
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
