/**
 * The machine and the versions that a benchmark ran on.
 *
 * @module
 */

import { readFileSync } from 'node:fs'
import { arch, cpus, platform } from 'node:os'

export interface Machine {
  readonly processor: string
  readonly cores: number
  readonly system: string
  readonly node: string
  /** Undefined if Go was not measured. */
  readonly go?: string | undefined
  /** Versions of the measured packages. */
  readonly packages: Readonly<Record<string, string>>
}

const measuredPackages = [
  'express-session',
  'cookie-session',
  'iron-session',
  '@fastify/secure-session',
]

export function thisMachine(
  go: string | undefined,
  packages: readonly string[] = measuredPackages,
): Machine {
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    system: `${platform()} ${arch()}`,
    node: process.version,
    go,
    packages: Object.fromEntries(packages.map(name => [name, versionOf(name)])),
  }
}

function versionOf(name: string): string {
  const file = new URL(`../node_modules/${name}/package.json`, import.meta.url)
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}
