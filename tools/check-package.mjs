/**
 * Checks the package as users get it: packs it, runs publint and attw on the tarball, installs it into an empty
 * project, compiles and imports every entry there.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const manifest = JSON.parse(readFileSync(`${root}package.json`, 'utf8'))
const project = mkdtempSync(join(tmpdir(), 'silverback-package-'))

function run(command, args, cwd = root) {
  return execFileSync(command, args, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

try {
  const [{ filename, files }] = JSON.parse(
    run('npm', ['pack', '--json', '--pack-destination', project]),
  )
  checkFiles(files.map(({ path }) => path))
  const tarball = join(project, filename)
  run('npx', ['publint', '--strict', tarball])
  run('npx', ['attw', tarball, '--profile', 'esm-only'])
  writeFileSync(join(project, 'package.json'), '{"type":"module"}')
  install(tarball)
  checkInternals()
  for (const compiler of ['typescript', 'typescript7']) checkTypes(compiler)
  checkCommandLine()
  // Some entries need a peer dependency.
  install(...Object.entries(manifest.peerDependencies).map(peer => peer.join('@')))
  checkImports()
  console.log(`${filename}: publint, attw, types and ${entries().length} imports passed`)
} catch (error) {
  console.error(error.stdout ?? error)
  process.exitCode = 1
} finally {
  rmSync(project, { recursive: true, force: true })
}

/** The tarball has the compiled files and their source maps, the demo's assets, the manifest and the pages; no sources. */
function checkFiles(paths) {
  const isCompiled = path => /^dist\/.+\.(js|js\.map|d\.ts)$/.test(path)
  const isAsset = path => /^dist\/demo\/assets\/[\w-]+\.(css|js|svg)$/.test(path)
  const isExpected = path => isCompiled(path) || isAsset(path) || !path.includes('/')
  const unexpected = paths.filter(path => !isExpected(path))
  if (unexpected.length > 0) throw new Error(`the tarball has ${unexpected.join(', ')}`)
}

/** Source maps carry the sources, which are not in the package. Declarations show no `@internal` member. */
function checkInternals() {
  const dist = join(project, 'node_modules', manifest.name, 'dist')
  for (const file of readdirSync(dist, { recursive: true })) {
    const text = file.endsWith('.js') || statSync(join(dist, file)).isDirectory() ? '' : read(file)
    if (file.endsWith('.d.ts') && text.includes('@internal')) {
      throw new Error(`${file} declares something internal`)
    }
    if (file.endsWith('.map') && !JSON.parse(text).sourcesContent?.every(Boolean)) {
      throw new Error(`${file} has no sources`)
    }
  }

  function read(file) {
    return readFileSync(join(dist, file), 'utf8')
  }
}

/** The specifiers of the package, such as `silverback/gob`. */
function entries() {
  return Object.keys(manifest.exports)
    .filter(entry => entry !== './package.json')
    .map(entry => entry.replace(/^\./, manifest.name))
}

/** Every entry compiles with nothing else installed: no types of Node, no peers, and without `skipLibCheck`. */
function checkTypes(compiler) {
  const imports = entries().map((entry, index) => `export * as entry${index} from '${entry}'`)
  writeFileSync(join(project, 'main.ts'), imports.join('\n'))
  const required = `import session = require('${manifest.name}/express-session')`
  writeFileSync(join(project, 'required.cts'), `${required}\nsession({ secret: 'keyboard cat' })`)
  const options = {
    compilerOptions: {
      module: 'NodeNext',
      target: 'ES2023',
      lib: ['ES2023', 'DOM', 'DOM.Iterable'],
      types: [],
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: false,
      noEmit: true,
    },
    files: ['main.ts', 'required.cts'],
  }
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify(options))
  run(process.execPath, [`${root}node_modules/${compiler}/bin/tsc`, '-p', project])
}

function install(...packages) {
  run('npm', ['install', '--silent', '--no-package-lock', ...packages], project)
}

/** The command line works with nothing else installed, and the demo starts. */
function checkCommandLine() {
  const silverback = (...args) => run('npx', ['--no-install', 'silverback', ...args], project)
  if (silverback('--version').trim() !== manifest.version) throw new Error('a wrong version')
  const key = silverback('keygen').trim()
  if (Buffer.from(key, 'base64').length !== 32) throw new Error('keygen prints no key')
  const [, list] = /COMMANDS\s+([\s\S]*?)\n\n/.exec(silverback('--help'))
  const commands = list.match(/^ *([\w-]+)/gm).map(each => each.trim())
  if (commands.length < 5) throw new Error('the help lists no commands')
  for (const command of commands) silverback(command, '--help')
  if (!/CREATE TABLE/.test(silverback('schema', 'sqlite'))) throw new Error('no schema')
  checkMissingPackage()
  checkDemo()
}

/** A command that needs an optional package names it. */
function checkMissingPackage() {
  const seal = 'Fe26.2**00*00*00**00*00'
  const { stderr } = spawnSync('npx', ['--no-install', 'silverback', 'inspect', seal], {
    cwd: project,
    encoding: 'utf8',
    env: { ...process.env, SESSION_KEY: 'x'.repeat(32) },
  })
  if (!/npm install iron-webcrypto/.test(stderr)) throw new Error(`no advice: ${stderr}`)
}

function checkDemo() {
  const program = join(project, 'node_modules', manifest.name, manifest.bin.silverback)
  const { stdout } = spawnSync(process.execPath, [program, 'demo', '--port', '0'], {
    encoding: 'utf8',
    timeout: 10_000,
    killSignal: 'SIGINT',
  })
  if (!/listening on http/.test(stdout)) throw new Error('the demo does not start')
}

function checkImports() {
  const imports = entries().map((entry, index) => `import * as entry${index} from '${entry}'`)
  const script = `${imports.join('\n')}
    import { createRequire } from 'node:module'
    const modules = [${imports.map((_, index) => `entry${index}`)}]
    if (modules.some(module => Object.keys(module).length === 0)) throw new Error('an empty entry')
    // Node can require() modules without top-level await, in every supported version.
    if (process.features.require_module) {
      const require = createRequire(import.meta.url)
      require('${manifest.name}')
      const session = require('${manifest.name}/express-session')
      if (typeof session !== 'function' || typeof session.Store !== 'function') {
        throw new Error('require() of express-session is not the function')
      }
    }
    const store = new entry0.CookieStore({ keys: [crypto.getRandomValues(new Uint8Array(32))] })
    const request = new Request('http://localhost/')
    const session = await store.get(request, 'sid')
    session.values.foo = 'bar'
    const headers = new Headers()
    await session.save(request, headers)
    if (!headers.getSetCookie()[0]?.startsWith('sid=')) throw new Error('no cookie')`
  writeFileSync(join(project, 'main.js'), script)
  run(process.execPath, ['main.js'], project)
}
