/**
 * Finds out what a project is made of.
 *
 * @module
 */

import { type Dirent, existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { FailedError } from '../lib/exit-codes.ts'
import {
  type Framework,
  isSource,
  type PackageManager,
  type Project,
  sourcesOf,
} from './project.ts'

/** Folders that hold no sources of the app. */
const skipped = /^(?:node_modules|dist|build|out|coverage|public|static|\..+)$/
/** Files besides sources that the set-up reads or changes. */
const otherFiles = ['package.json', 'tsconfig.json', '.env', '.env.example', '.gitignore']
/** Generated and bundled files are larger. */
const maxBytes = 200_000
const maxFiles = 3000

const frameworkOf: readonly [dependency: string, framework: Framework][] = [
  ['express', 'express'],
  ['fastify', 'fastify'],
  ['hono', 'hono'],
  ['next', 'next'],
  ['@sveltejs/kit', 'sveltekit'],
]

/** Frameworks with an adapter, but without a template. */
const otherFrameworks: readonly [dependency: string, name: string, page: string][] = [
  ['@nestjs/core', 'NestJS', 'nest'],
  ['astro', 'Astro', 'astro'],
  ['nuxt', 'Nuxt', 'h3v1'],
  ['@react-router/node', 'React Router', 'react-router'],
  ['koa', 'Koa', 'koa'],
  ['h3', 'h3', 'h3'],
  ['elysia', 'Elysia', 'elysia'],
  ['connect', 'Connect', 'connect'],
]

const lockfiles: readonly [file: string, manager: PackageManager][] = [
  ['package-lock.json', 'npm'],
  ['pnpm-lock.yaml', 'pnpm'],
  ['yarn.lock', 'yarn'],
  ['bun.lock', 'bun'],
  ['bun.lockb', 'bun'],
]

interface Manifest {
  readonly type?: string
  readonly packageManager?: string
  readonly workspaces?: readonly string[] | { readonly packages?: readonly string[] }
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

/** Reads the project in a folder. Throws a {@link FailedError} if it has no valid package.json. */
export function detect(folder: string, node: string = process.versions.node): Project {
  const manifest = readManifest(folder)
  const { paths, files } = readFiles(folder)
  const dependencies = new Map(
    Object.entries({ ...manifest.dependencies, ...manifest.devDependencies }),
  )
  const isTypeScript =
    paths.has('tsconfig.json') ||
    dependencies.has('typescript') ||
    [...paths].some(path => isSource(path) && /\.[cm]?tsx?$/.test(path))
  const [major = 0, minor = 0] = node.split('.').map(Number)
  const project: Project = {
    files,
    paths,
    dependencies,
    frameworks: [],
    isTypeScript,
    isModule: manifest.type === 'module',
    packageManager: findPackageManager(folder, manifest),
    outerIgnores: outerIgnoresOf(folder),
    node: [major, minor],
  }
  const found = frameworkOf
    .filter(([dependency]) => dependencies.has(dependency))
    .map(([, framework]) => framework)
  const refusal = refusalOf(folder, project, manifest, found)
  if (refusal !== undefined) return { ...project, refusal }
  return { ...project, frameworks: found.length === 0 && mayBeNode(project) ? ['node'] : found }
}

function readManifest(folder: string): Manifest {
  const path = join(folder, 'package.json')
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      throw new FailedError(
        'There is no package.json in this folder. Run init in the folder of the app.',
      )
    }
    throw new FailedError(`package.json cannot be read: ${(error as Error).message}`)
  }
  let manifest: unknown
  try {
    manifest = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch {
    throw new FailedError('package.json is not valid JSON. Fix it first. Nothing was written.')
  }
  if (typeof manifest !== 'object' || manifest === null || Array.isArray(manifest)) {
    throw new FailedError('package.json does not contain an object. Fix it first.')
  }
  return manifest as Manifest
}

/** Reads the sources, but no folder of packages, output or tests' fixtures. Symbolic links are not followed. */
function readFiles(folder: string): { paths: Set<string>; files: Map<string, string> } {
  const paths = new Set<string>()
  const files = new Map<string, string>()
  const walk = (under: string): void => {
    for (const entry of entriesOf(join(folder, under))) {
      if (paths.size >= maxFiles) return
      const path = under ? `${under}/${entry.name}` : entry.name
      if (entry.isDirectory()) {
        if (skipped.test(entry.name)) continue
        paths.add(path)
        walk(path)
        continue
      }
      paths.add(path)
      if (entry.isFile() && isSource(path) && statSync(join(folder, path)).size <= maxBytes) {
        files.set(path, readFileSync(join(folder, path), 'utf8'))
      }
    }
  }
  walk('')
  for (const path of otherFiles) {
    if (paths.has(path)) files.set(path, readFileSync(join(folder, path), 'utf8'))
  }
  return { paths, files }
}

function entriesOf(folder: string): Dirent[] {
  return readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))
}

function refusalOf(
  folder: string,
  project: Project,
  manifest: Manifest,
  found: readonly Framework[],
): string | undefined {
  const { dependencies, paths } = project
  const other = otherFrameworks.find(
    ([name]) => dependencies.has(name) && (name === '@nestjs/core' || found.length === 0),
  )
  if (other) {
    const [, name, page] = other
    return `This is a ${name} app, which init cannot set up. docs/adapters/${page}.md shows how.`
  }
  if (found.length > 0) {
    const worker = [...paths].find(path => /^wrangler\.(?:toml|jsonc?)$/.test(path))
    if (worker === undefined && !dependencies.has('@sveltejs/adapter-cloudflare')) return undefined
    return 'This app runs on Cloudflare Workers, which init cannot set up. docs/adapters/web.md shows how.'
  }
  const { workspaces } = manifest
  const globs = Array.isArray(workspaces)
    ? workspaces
    : (workspaces as { packages?: string[] })?.packages
  if (globs || existsSync(join(folder, 'pnpm-workspace.yaml'))) {
    const where = globs ? ` (${globs.join(', ')})` : ''
    return `This is the root of a monorepo. Run it in the folder of the app${where}.`
  }
  return undefined
}

/** Without a framework: there is a server of `node:http`, or there are no sources yet. */
function mayBeNode(project: Project): boolean {
  const sources = sourcesOf(project).filter(([path]) => !/\.config\.[cm]?[jt]s$/.test(path))
  return sources.length === 0 || sources.some(([, text]) => /\bcreateServer\(/.test(text))
}

/** The project's own lockfile decides, then the field of package.json, then the lockfile of a monorepo. */
function findPackageManager(folder: string, manifest: Manifest): PackageManager {
  const lockedIn = (parent: string): PackageManager | undefined =>
    lockfiles.find(([file]) => existsSync(join(parent, file)))?.[1]
  const name = String(manifest.packageManager ?? '').split('@')[0]
  const named = lockfiles.find(([, manager]) => manager === name)?.[1]
  const own = lockedIn(folder) ?? named
  if (own) return own
  for (const parent of parentsOf(folder)) {
    const found = lockedIn(parent)
    if (found) return found
  }
  return 'npm'
}

function outerIgnoresOf(folder: string): string[] {
  if (existsSync(join(folder, '.git'))) return []
  const lines: string[] = []
  for (const parent of parentsOf(dirname(folder))) {
    const path = join(parent, '.gitignore')
    if (existsSync(path)) lines.push(...readFileSync(path, 'utf8').split(/\r?\n/))
    if (existsSync(join(parent, '.git'))) return lines
  }
  return []
}

/** The folder and those above it, up to the root of the repository if there is one. */
function* parentsOf(folder: string): Generator<string> {
  yield folder
  if (existsSync(join(folder, '.git')) || dirname(folder) === folder) return
  yield* parentsOf(dirname(folder))
}
