/**
 * Compiles src/ to dist/, and copies what the demo serves. The new dist/ replaces the old one only when it is
 * complete, so that builds that run at the same time do not mix.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
// Next to dist/: the source maps name the sources by relative paths.
const folder = mkdtempSync(`${root}dist-`)
try {
  const { status } = spawnSync(
    process.execPath,
    ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json', '--outDir', folder],
    { cwd: root, stdio: 'inherit' },
  )
  if (status === 0) {
    cpSync(`${root}src/demo/assets`, `${folder}/demo/assets`, { recursive: true })
    rmSync(`${root}dist`, { recursive: true, force: true })
    renameSync(folder, `${root}dist`)
  }
  process.exitCode = status ?? 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
