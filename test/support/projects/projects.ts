/**
 * Projects of their own, where the library is installed as users install it: packed by npm, beside the
 * framework that its lockfile says. They stay in `test-output/projects` until their lockfile or the library
 * changes.
 *
 * A test whose packages cannot be had is skipped with a line that says so; with `REQUIRE_SERVICES=1` it
 * fails instead.
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
 * The path of a project with the packages of `folder/package-lock.json`. The first call takes as long as npm
 * takes. Throws when they cannot be had: {@link needsProject} says so before.
 *
 * @param folder - relative to the repository
 */
export function installProject(folder: string): string {
  const project = findProject(folder)
  if (!project) throw new Error(`the packages of ${folder} cannot be installed`)
  return project
}

/**
 * The `skip` option of a test that needs this project, and this runtime to run it. Throws where they are
 * required.
 */
export function needsProject(folder: string, runtime?: Runtime): { skip: string | false } {
  if (runtime && !findRuntime(runtime)) return skipWithout([runtime])
  return skipWithout(findProject(folder) ? [] : [folder])
}

/**
 * Copies what folders of the repository have, but for their packages and what was built there, to a new
 * folder of the project: the later ones over the earlier. Answers its path.
 */
export function copyInto(project: string, name: string, ...folders: string[]): string {
  const copy = join(project, name)
  const made = /\/(?:node_modules|package-lock\.json|build|dist|\.[^/]+)$/
  rmSync(copy, { recursive: true, force: true })
  for (const folder of folders) {
    cpSync(join(root, folder), copy, { recursive: true, filter: path => !made.test(path) })
  }
  // Bundlers look there for what not to bundle.
  cpSync(join(project, 'package.json'), join(copy, 'package.json'))
  return copy
}

/** Compiles what is in this folder of a project. Throws what the compiler says. */
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
 * Runs a program of the project's packages in a folder of the project: `run(app, ['vite', 'build'])`.
 * What is thrown tells what the program said.
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

/** What became of those that this process has asked for. */
const asked = new Map<string, string | undefined>()

/** The path of the project, or undefined when it cannot be had. */
function findProject(folder: string): string | undefined {
  if (!asked.has(folder)) asked.set(folder, install(folder))
  return asked.get(folder)
}

function install(folder: string): string | undefined {
  const project = join(root, 'test-output/projects', basename(folder))
  try {
    execFileSync('sh', [installer, join(root, folder), project], {
      stdio: ['ignore', 'ignore', 'inherit'],
      // The options of the tests are not npm's.
      env: { ...process.env, NODE_OPTIONS: '' },
    })
    return project
  } catch {
    // npm has said why. Who asked finds none.
    return undefined
  }
}
