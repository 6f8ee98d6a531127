/**
 * The programs that are measured.
 *
 * @module
 */

import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const folder = fileURLToPath(new URL('.', import.meta.url))
const root = fileURLToPath(new URL('..', import.meta.url))

/**
 * Builds the package as it is published, and the program of Node's runners, which uses it and
 * runs without a loader: loaders add code of their own. Returns the program's path.
 */
export async function buildNode(): Promise<string> {
  const { status } = spawnSync(process.execPath, [`${root}tools/build.mjs`], {
    stdio: ['ignore', 2, 2],
  })
  if (status !== 0) throw new Error('the package does not build')
  const program = `${folder}dist/program.js`
  await build({
    entryPoints: [`${folder}program.ts`],
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

/** Builds Go's program, and returns its path; undefined when there is no Go. */
export function buildGo(): string | undefined {
  const program = `${folder}go/bin/bench${process.platform === 'win32' ? '.exe' : ''}`
  const { error, status } = spawnSync('go', ['build', '-o', program, '.'], {
    cwd: `${folder}go`,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  if ((error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') return undefined
  if (error) throw error
  if (status !== 0) throw new Error('the Go program does not build')
  return program
}

/** As `go version` says it, such as `go1.26.0 linux/amd64`; undefined when there is no Go. */
export function goVersion(): string | undefined {
  const { stdout } = spawnSync('go', ['version'], { encoding: 'utf8' })
  return stdout?.trim().replace(/^go version /, '')
}
