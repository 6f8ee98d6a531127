/**
 * Builds the programs of the runners.
 *
 * @module
 */

import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const folder = fileURLToPath(new URL('.', import.meta.url))
const root = fileURLToPath(new URL('..', import.meta.url))

/**
 * Builds the package as it is published, then bundles the program of Node's runners, which imports that
 * build. Returns the program's path.
 */
export async function buildNodeRunner(): Promise<string> {
  buildPackage()
  await bundle([`${folder}node-runner.ts`], `${folder}dist`)
  return `${folder}dist/node-runner.js`
}

/** Builds the package as it is published. */
export function buildPackage(): void {
  const { status } = spawnSync(process.execPath, [`${root}tools/build.mjs`], {
    stdio: ['ignore', 2, 2],
  })
  if (status !== 0) throw new Error('building the package failed')
}

/**
 * Bundles programs, which import packages from `node_modules`. They run without a TypeScript loader, because
 * loaders add helper code of their own.
 */
export async function bundle(programs: readonly string[], outdir: string): Promise<void> {
  await build({
    entryPoints: [...programs],
    outdir,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'warning',
  })
}

/** Builds the program of Go's runners. Returns its path, or undefined if Go is not installed. */
export function buildGoRunner(): string | undefined {
  const program = `${folder}go/bin/bench${process.platform === 'win32' ? '.exe' : ''}`
  const { error, status } = spawnSync('go', ['build', '-o', program, '.'], {
    cwd: `${folder}go`,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  if ((error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') return undefined
  if (error) throw error
  if (status !== 0) throw new Error('building the Go program failed')
  return program
}

/** Returns Go's version, such as `go1.26.0 linux/amd64`, or undefined if Go is not installed. */
export function goVersion(): string | undefined {
  const { stdout } = spawnSync('go', ['version'], { encoding: 'utf8' })
  return stdout?.trim().replace(/^go version /, '')
}
