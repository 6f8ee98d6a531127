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
 * build. The bundle runs without a TypeScript loader, because loaders add helper code of their own.
 * Returns the program's path.
 */
export async function buildNodeRunner(): Promise<string> {
  const { status } = spawnSync(process.execPath, [`${root}tools/build.mjs`], {
    stdio: ['ignore', 2, 2],
  })
  if (status !== 0) throw new Error('building the package failed')
  const program = `${folder}dist/node-runner.js`
  await build({
    entryPoints: [`${folder}node-runner.ts`],
    outfile: program,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'warning',
  })
  return program
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
