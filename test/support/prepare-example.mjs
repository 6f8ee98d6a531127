// Installs an example in the current folder, beside the packed library, and builds it, unless that was tried
// before: node prepare-example.mjs EXAMPLE PROGRAM [ARGUMENT…]. The program is given a file of the example.
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const [example, program, ...args] = process.argv.slice(2)

/** Programs say what they have to say when they fail. */
function run(command, args, cwd = '.') {
  try {
    return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: 'pipe' })
  } catch (error) {
    throw new Error(`${command} ${args[0]}\n${error.stdout}\n${error.stderr}`)
  }
}

/** The library as it is published. Not built in its own folder, whose `dist` others may be reading. */
function pack() {
  mkdirSync('package')
  for (const file of [
    'package.json',
    'README.md',
    'LICENSE',
    'CHANGELOG.md',
    'SECURITY.md',
    'src',
  ]) {
    cpSync(root + file, `package/${file}`, { recursive: true })
  }
  const compiler = `${root}node_modules/typescript/bin/tsc`
  const outDir = resolve('package/dist')
  run(process.execPath, [compiler, '-p', `${root}tsconfig.build.json`, '--outDir', outDir])
  renameSync(
    run('npm', ['pack', './package', '--ignore-scripts', '--silent']).trim(),
    'silverback.tgz',
  )
}

/** The example, without what its own programs left there, and what tests add to it. */
function copy() {
  const made = /\/(node_modules|\.next|\.react-router|build|\.sessions)$/
  cpSync(`${root}examples/${example}`, example, {
    recursive: true,
    filter: file => !made.test(file),
  })
  const added = `${root}test/adapters/apps/${example}`
  if (existsSync(added)) cpSync(added, example, { recursive: true })
}

if (!existsSync(example)) {
  mkdirSync(example)
  if (!existsSync('silverback.tgz')) pack()
  copy()
  run('npm', ['ci', '--ignore-scripts', '--loglevel=error'], example)
  run(program, args, example)
  writeFileSync(`${example}/.prepared`, '')
}
