// Runs the test files with Node's own runner: all of them, or those whose path contains one of
// the arguments (`npm test -- gob http`).
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const filters = process.argv.slice(2)
const files = readdirSync(`${root}test`, { recursive: true, withFileTypes: true })
  .filter(entry => entry.isFile() && entry.name.endsWith('.test.ts'))
  .map(entry => relative(root, `${entry.parentPath}/${entry.name}`))
  .filter(file => filters.length === 0 || filters.some(filter => file.includes(filter)))
  .sort()

if (files.length === 0) {
  console.error(`No test file matches ${filters.join(' ')}.`)
  process.exit(1)
}
const { status } = spawnSync(process.execPath, ['--test', '--test-reporter=spec', ...files], {
  cwd: root,
  stdio: 'inherit',
  env: {
    ...process.env,
    NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --import tsx --conditions=@silverback/source`,
  },
})
process.exit(status ?? 1)
