/**
 * What the templates of a framework return.
 *
 * @module
 */

import type { Dialect } from './dialect.ts'
import type { FileChange, Project, StoreKind } from './project.ts'
import type { StoreSetup } from './store.ts'

/** A framework's part of a plan. */
export interface Recipe {
  readonly dialect: Dialect
  readonly store: StoreSetup
  /** New files, as templates. One that exists already is left as it is. */
  readonly files: readonly (readonly [path: string, template: string])[]
  /** Changes of files that exist. */
  readonly edits: readonly FileChange[]
  /**
   * The file that shows that the project is set up, once it exists or imports the library. It is written last, so that
   * an interrupted set-up is completed by the next call.
   */
  readonly anchor: string
  readonly notes: readonly string[]
  readonly dependencies: readonly string[]
  readonly devDependencies: readonly string[]
  /** Environment variables in addition to those of the store. */
  readonly variables: readonly (readonly [name: string, value: string])[]
  readonly test?: string
  readonly nextSteps: readonly string[]
}

/** Returns so many random bytes as a string. */
export type Random = (bytes: number, encoding: 'base64' | 'base64url') => string

export interface Ingredients {
  readonly project: Project
  readonly store: StoreKind
  readonly random: Random
}

/** The part of every template that looks a user up. */
export function findUser(ts: (code: string) => string): string {
  return `/**
 * Returns the id of the user with this name and password. Replace it with a look-up of your own: this one knows
 * only the user demo, with the password DEMO_PASSWORD of .env.
 */
async function findUser(name${ts(': string')}, password${ts(': string')})${ts(': Promise<string | undefined>')} {
  const expected = process.env.DEMO_PASSWORD;
  return expected && name === 'demo' && password === expected ? name : undefined;
}
`
}

/** The note of a project whose tests run in Jest. */
export const jestNote =
  'No test was added, because Jest needs a transform for ES modules: see docs/testing.md.'

/** A password that needs no escaping in a form, a shell or a URL. */
export function newPassword(random: Random): string {
  return random(12, 'base64url')
}

/** How to run a program of the project's packages. */
export function execute({ packageManager }: Project, command: string): string {
  const runners = { npm: 'npx', pnpm: 'pnpm exec', yarn: 'yarn', bun: 'bunx' }
  return `${runners[packageManager]} ${command}`
}

/** Vitest 5 needs Node 22.12. */
export function vitest({ node: [major, minor] }: Project): string {
  return major > 22 || (major === 22 && minor >= 12) ? 'vitest' : 'vitest@4'
}
