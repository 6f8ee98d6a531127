/**
 * Runs the tests with Node's test runner:
 *
 *     node tools/test.mjs [unit | services] [--watch] [FILTER …]
 *
 * A file named `NAME.services.test.ts` needs servers, Go, a browser, another runtime or packages that it
 * installs. Every other `NAME.test.ts` is a unit test: it needs Node and the packages of `npm ci`, and no
 * network. Without a group both run. A filter selects the files whose path contains it.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const groups = {
  unit: file => !needsServices(file),
  services: file => needsServices(file),
}
const args = process.argv.slice(2)
const group = args[0] in groups ? args.shift() : undefined
const watch = args.includes('--watch')
const filters = args.filter(arg => arg !== '--watch')

const matching = readdirSync(`${root}test`, { recursive: true, withFileTypes: true })
  .filter(entry => entry.isFile() && entry.name.endsWith('.test.ts'))
  .map(entry => relative(root, `${entry.parentPath}/${entry.name}`))
  .filter(file => filters.length === 0 || filters.some(filter => file.includes(filter)))
  .sort()
const files = group ? matching.filter(groups[group]) : matching
const leftOut = group === 'unit' ? matching.length - files.length : 0

if (files.length === 0) {
  console.error(`No ${group ?? 'test'} file matches ${filters.join(' ')}.`)
  reportLeftOut()
  process.exit(1)
}
const folder = mkdtempSync(join(tmpdir(), 'silverback-tests-'))
const missing = join(folder, 'missing')
try {
  process.exitCode = run()
  reportLeftOut()
  reportMissing()
} finally {
  rmSync(folder, { recursive: true, force: true })
}

function needsServices(file) {
  return file.endsWith('.services.test.ts')
}

function run() {
  const reporters = [
    ['spec', 'stdout'],
    [fileURLToPath(new URL('missing-services.mjs', import.meta.url)), missing],
  ].flatMap(([reporter, destination]) => [
    `--test-reporter=${reporter}`,
    `--test-reporter-destination=${destination}`,
  ])
  const options = watch ? ['--watch', '--test-reporter=spec'] : reporters
  // Node's default is one file fewer than there are cores, which on two cores is one.
  options.push(`--test-concurrency=${Math.max(2, availableParallelism())}`)
  const imports = ['tsx', new URL('quick-assert.mjs', import.meta.url)]
  const { status } = spawnSync(process.execPath, ['--test', ...options, ...files], {
    cwd: root,
    stdio: 'inherit',
    env: {
      ...process.env,
      NODE_OPTIONS: [
        process.env.NODE_OPTIONS ?? '',
        ...imports.map(each => `--import ${each}`),
        '--conditions=@silverback/source',
      ].join(' '),
    },
  })
  return status ?? 1
}

function reportLeftOut() {
  if (leftOut === 0) return
  const command = ['npm run test:services', ...(filters.length > 0 ? ['--', ...filters] : [])]
  console.log(
    `Left out: ${leftOut} files that need servers, Go, a browser or other runtimes: ${command.join(' ')}`,
  )
}

function reportMissing() {
  const reasons = watch ? '' : readFileSync(missing, 'utf8').trim()
  if (reasons) console.log(`Skipped: ${reasons.replaceAll('\n', '; ')}`)
}
