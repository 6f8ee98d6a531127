/**
 * The client libraries of databases. They are not dependencies of this package: the project that runs the command has
 * the one that it uses.
 *
 * @module
 */

import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { hasCode } from '../../runtime/files.ts'
import { FailedError } from '../lib/exit-codes.ts'

/** A client library that was found. */
export interface Driver {
  readonly name: string
  /** Its exports. Those of a CommonJS module include its properties. */
  // biome-ignore lint/suspicious/noExplicitAny: the types of a library that may be missing
  readonly exports: any
}

/**
 * Loads the first of these packages that the project in `cwd` has, or else the first that this package finds.
 *
 * Rejects with a FailedError if there is none, or if the package cannot be loaded.
 *
 * @param purpose - what needs it, for the message
 */
export async function loadDriver(
  purpose: string,
  names: readonly string[],
  cwd: string,
): Promise<Driver> {
  const found = findIn(cwd, names) ?? findIn(import.meta.dirname, names)
  if (!found) {
    const packages = names.map(packageOf).join(' or ')
    throw new FailedError(`${purpose} needs a client library. Install one: npm install ${packages}`)
  }
  try {
    return { name: found.name, exports: exportsOf(await import(pathToFileURL(found.path).href)) }
  } catch (error) {
    throw new FailedError(
      `The package ${packageOf(found.name)} could not be loaded: ${(error as Error).message}`,
      { cause: error },
    )
  }
}

function findIn(
  folder: string,
  names: readonly string[],
): { name: string; path: string } | undefined {
  const { resolve } = createRequire(join(folder, 'any.js'))
  for (const name of names) {
    try {
      return { name, path: resolve(name) }
    } catch (error) {
      if (!hasCode(error, 'MODULE_NOT_FOUND')) throw error
    }
  }
  return undefined
}

/** `mysql2/promise` is in the package `mysql2`. */
function packageOf(name: string): string {
  return name.startsWith('@') ? name : (name.split('/', 1)[0] as string)
}

/** Node finds only some of the exports of a CommonJS module by name: the others are in `default`. */
function exportsOf(module: { default?: unknown }): unknown {
  const { default: main } = module
  return typeof main === 'object' && main !== null ? { ...main, ...module } : module
}
