/**
 * Creates separate projects in which the library is installed the way users install it: as a tarball packed by
 * npm, next to the framework from the project's lockfile. Projects are kept in `test-output/projects` and reused
 * until their lockfile or the library changes.
 *
 * A test whose packages cannot be installed is skipped with a message; with `REQUIRE_SERVICES=1` it fails.
 */

import { execFileSync } from 'node:child_process'
import { cpSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { skipWithout } from '../services/programs.ts'
import { findRuntime, type Runtime } from './runtimes.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const installer = fileURLToPath(new URL('install-project.sh', import.meta.url))

/**
 * Returns the path of a project with the packages of `folder/package-lock.json`. The first call installs them.
 * Throws if that fails; {@link needsProject} checks it in advance.
 *
 * @param folder - relative to the repository
 */
export function installProject(folder: string): string {
  const project = findProject(folder)
  if (!project) throw new Error(`the packages of ${folder} cannot be installed`)
  return project
}

/**
 * Returns the `skip` option of a test that needs this project and, optionally, this runtime. Throws if one is
 * missing and `REQUIRE_SERVICES=1` is set.
 */
export function needsProject(folder: string, runtime?: Runtime): { skip: string | false } {
  if (runtime && !findRuntime(runtime)) return skipWithout([runtime])
  return skipWithout(findProject(folder) ? [] : [folder])
}

/** Packs the library as npm does, unless nothing has changed, and returns the path of the tarball. */
export function packedLibrary(): string {
  const script = join(root, 'test/support/projects/pack-library.sh')
  execFileSync('sh', [script], { stdio: 'pipe', env: { ...process.env, NODE_OPTIONS: '' } })
  return join(root, 'test-output/silverback.tgz')
}

/**
 * Copies folders of the repository, without their packages and build output, to a new folder of the project.
 * Files of later folders replace those of earlier ones. Returns the path of the new folder.
 */
export function copyInto(project: string, name: string, ...folders: string[]): string {
  const copy = join(project, name)
  const generated = /\/(?:node_modules|package-lock\.json|build|dist|\.[^/]+)$/
  rmSync(copy, { recursive: true, force: true })
  for (const folder of folders) {
    cpSync(join(root, folder), copy, { recursive: true, filter: path => !generated.test(path) })
  }
  // Bundlers read the external packages from it.
  cpSync(join(project, 'package.json'), join(copy, 'package.json'))
  return copy
}

/** Compiles a folder of a project. Throws an Error with the compiler's output if that fails. */
export function compile(
  app: string,
  compiler: 'typescript' | 'typescript7',
  ...options: string[]
): void {
  const tsc = join(root, 'node_modules', compiler, 'bin/tsc')
  try {
    execFileSync(process.execPath, [tsc, '-p', app, ...options], {
      stdio: 'pipe',
      encoding: 'utf8',
    })
  } catch (error) {
    throw new Error((error as { stdout: string }).stdout)
  }
}

/**
 * Runs a program from the project's packages in a folder of the project: `run(app, ['vite', 'build'])`. Throws an
 * Error with the program's output if it fails.
 */
export function run(
  app: string,
  [program, ...args]: readonly [string, ...string[]],
  node: string = process.execPath,
): void {
  execFileSync(node, [join(app, '../node_modules/.bin', program), ...args], {
    cwd: app,
    stdio: 'pipe',
    env: {
      ...process.env,
      NODE_OPTIONS: '',
      ASTRO_TELEMETRY_DISABLED: '1',
      NEXT_TELEMETRY_DISABLED: '1',
    },
  })
}

/** The results of earlier calls in this process. */
const installed = new Map<string, string | undefined>()

/** Returns the path of the project, or undefined if it cannot be installed. */
function findProject(folder: string): string | undefined {
  if (!installed.has(folder)) installed.set(folder, install(folder))
  return installed.get(folder)
}

function install(folder: string): string | undefined {
  const project = join(root, 'test-output/projects', basename(folder))
  try {
    execFileSync('sh', [installer, join(root, folder), project], {
      stdio: ['ignore', 'ignore', 'inherit'],
      // NODE_OPTIONS of the test run must not affect npm.
      env: { ...process.env, NODE_OPTIONS: '' },
    })
    return project
  } catch {
    // npm has printed the reason.
    return undefined
  }
}
