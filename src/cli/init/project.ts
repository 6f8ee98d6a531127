/**
 * What `silverback init` knows about a project.
 *
 * @module
 */

/** The frameworks that can be set up. */
export const frameworks = ['express', 'fastify', 'hono', 'node', 'next', 'sveltekit'] as const
export type Framework = (typeof frameworks)[number]

/** Where sessions can be stored. */
export const stores = ['cookie', 'memory', 'file', 'sqlite', 'redis', 'postgres'] as const
export type StoreKind = (typeof stores)[number]

export type PackageManager = 'npm' | 'pnpm' | 'yarn' | 'bun'

/** A project as found on the disk. Paths are relative to its folder, with `/`. */
export interface Project {
  /** Text files by path: sources, and those that the set-up may change or depends on. */
  readonly files: ReadonlyMap<string, string>
  /** All paths that the project has, also of files that were not read, and of folders. */
  readonly paths: ReadonlySet<string>
  /** Every dependency of package.json, with its range. */
  readonly dependencies: ReadonlyMap<string, string>
  /** The frameworks that the dependencies name; `node` if there is none, but a server or nothing at all. */
  readonly frameworks: readonly Framework[]
  /** Why the project cannot be set up, whatever the framework. */
  readonly refusal?: string
  readonly isTypeScript: boolean
  /** Whether package.json has `"type": "module"`. */
  readonly isModule: boolean
  readonly packageManager: PackageManager
  /** The lines of `.gitignore` in the folders above the project, up to that of the repository. */
  readonly outerIgnores: readonly string[]
  /** The version of Node that runs now, such as `[22, 13]`. */
  readonly node: readonly [major: number, minor: number]
}

/** One file to be written. */
export interface FileChange {
  readonly path: string
  /** Undefined for a new file. */
  readonly before: string | undefined
  readonly after: string
  /** Whether its values are secrets, which must not be printed. */
  readonly isSecret?: boolean
}

/** What the set-up of a project consists of. */
export interface Plan {
  /** In the order in which they have to be written. Empty if the project is set up already. */
  readonly changes: readonly FileChange[]
  /** What is left to the user, and why. */
  readonly notes: readonly string[]
  /** Packages that package.json lacks. */
  readonly dependencies: readonly string[]
  readonly devDependencies: readonly string[]
  /** The command that runs the added test. */
  readonly test?: string
  /** How to see the session work. */
  readonly nextSteps: readonly string[]
  /** The file that shows that the project was set up earlier. */
  readonly foundIn?: string
}

/** The source files that may contain the app. */
export function sourcesOf({ files }: Project): [path: string, text: string][] {
  return [...files].filter(([path]) => isSource(path) && !isTest(path))
}

export function isSource(path: string): boolean {
  return /\.[cm]?[jt]sx?$/.test(path) && !path.endsWith('.d.ts')
}

export function isTest(path: string): boolean {
  return (
    /(?:^|\/)(?:__tests__|tests?|spec|e2e)\//.test(path) ||
    /\.(?:test|spec)\.[cm]?[jt]sx?$/.test(path)
  )
}
