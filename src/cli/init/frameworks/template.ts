/**
 * What the templates of Express, Fastify, Hono and plain Node consist of.
 *
 * @module
 */

import type { Dialect, TypesOnly } from '../dialect.ts'
import type { Framework, Project } from '../project.ts'

/** A template of one framework. */
export interface Server {
  readonly framework: Framework
  /** The beginning of a statement that creates an app, up to its `(`. The first group is the app's name. */
  readonly creation: RegExp
  /** How the package of the framework is imported. */
  readonly isImported: RegExp
  /** Returns what to insert into the call that creates the app. Without it, {@link use} is inserted after the statement. */
  wrap?(
    masked: string,
    open: number,
    end: number,
    hasExample: boolean,
  ): [number, string][] | undefined
  /** The lines that add the sessions to an app, and the example's routes. */
  use(app: string, hasExample: boolean): string
  /** What the app's file has to import from the module with the example. */
  readonly example: string
  /** The module with the example. */
  routes(context: Context): string
  /** A whole app, for a project that has none. */
  app(context: Context): string
  /** The import statements of the test, and those that declare `jar` and what closes the app. */
  test(context: Context): { imports: string; start: string; stop: string }
  /** Packages that the app needs. */
  dependencies(project: Project): readonly string[]
  readonly types: readonly string[]
  /** Packages that conflict with an automatic edit, with the reason. */
  readonly conflicts: readonly (readonly [dependency: string, reason: string])[]
}

/** What the templates depend on. */
export interface Context {
  readonly ts: TypesOnly
  readonly project: Project
  readonly dialect: Dialect
  /** The folder of the app. */
  readonly folder: string
}
