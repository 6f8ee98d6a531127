/**
 * Several copies of the library in one process.
 *
 * An app loads more than one when two versions are installed, when pnpm installs one version with different
 * peers, when a development server reloads modules, or when a bundle runs next to `node_modules`. Each copy has
 * classes of its own, so `instanceof` and private fields do not work between them. Objects that copies exchange
 * carry a {@link Copy} under a registered symbol instead.
 *
 * @module
 */

import { SessionError } from '../errors.ts'
import { type SideTable, sideTable } from './side-table.ts'

/** Which copy an object belongs to. This type must never change: every version reads it. */
export interface Copy {
  /** Copies with the same number can use each other's objects. */
  readonly contract: number
  /** The version in package.json. */
  readonly version: string
}

/**
 * This copy.
 *
 * The contract covers the members of registries, sessions, their states and snapshots, and keyrings. Increase
 * its number when a change to them breaks a copy that does not have it.
 */
export const thisCopy: Copy = { contract: 1, version: '0.1.0' }

/** Throws a SessionError `version-mismatch` unless this copy can use the objects of `copy`. */
export function assertCompatible(copy: Copy): void {
  if (copy.contract === thisCopy.contract) return
  throw new SessionError(
    'version-mismatch',
    `silverback ${thisCopy.version} and ${copy.version} cannot share sessions; use one version: see npm ls silverback, or pnpm why silverback`,
  )
}

/** A side table that compatible copies share. */
interface SharedTable<Value> extends Copy {
  readonly table: SideTable<Value>
}

/** The side tables of one name, one for each contract. */
export interface SharedTables<Value> {
  /** The table of all copies with the contract of this one. */
  readonly own: SideTable<Value>
  /** Throws a SessionError `version-mismatch` if an incompatible copy has set a value for the object. */
  assertNoOther(object: object): void
}

/** Side tables that all copies in this process share. The first copy of each contract creates a table. */
export function sharedTables<Value>(name: string): SharedTables<Value> {
  const key = Symbol.for(name)
  const known = (globalThis as { [key]?: SharedTable<Value>[] })[key]
  const tables = known ?? []
  // Has no effect if globalThis is frozen: then a single copy works, and several do not see each other.
  if (!known) Reflect.defineProperty(globalThis, key, { value: tables })
  let shared = tables.find(({ contract }) => contract === thisCopy.contract)
  if (!shared) {
    shared = { ...thisCopy, table: sideTable<Value>() }
    tables.push(shared)
  }
  return {
    own: shared.table,
    assertNoOther(object) {
      // Called for each request: almost always, all copies are compatible.
      if (tables.length === 1) return
      for (const each of tables) {
        if (each !== shared && each.table.get(object)) assertCompatible(each)
      }
    },
  }
}
