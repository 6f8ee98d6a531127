/** Compiles and runs the examples next to the installed package, as users would, without this repository. */
import { spawn, spawnSync } from 'node:child_process'
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const manifest = JSON.parse(readFileSync(`${root}package.json`, 'utf8'))

/** The packages that each example needs, by their names in `devDependencies`. */
const frameworks = {
  connect: ['connect', '@types/connect'],
  elysia: ['elysia', '@hono/node-server'],
  express: ['express', '@types/express'],
  fastify: ['fastify'],
  h3: ['h3'],
  h3v1: ['h3v1'],
  hono: ['hono', '@hono/node-server'],
  koa: ['koa', '@types/koa'],
  node: [],
  web: ['@hono/node-server'],
}

/** The packages to install, as arguments of npm. */
export const packages = [...new Set(['@types/node', ...Object.values(frameworks).flat()])].map(
  name => `${name}@${manifest.devDependencies[name]}`,
)

const names = Object.keys(frameworks)

/** Packages whose own declarations do not compile. The check fails when one of them is fixed. */
const faulty = [
  'elysia', // 1.4: indexes types by keys that may be missing
  'h3', // 2.0: overrides Error.isError, which ES2023 does not declare
  'h3v1', // 1.15: uses FetchEvent, a type of service workers
  '@types/koa', // 3.0: imports a type that content-disposition 2 has renamed
]

/** Compiles the examples in a project with their packages, and requests the first page of each. Returns how many there are. */
export async function checkExamples(project) {
  for (const name of names)
    cpSync(`${root}examples/${name}`, join(project, name), { recursive: true })
  for (const compiler of ['typescript', 'typescript7']) compile(project, compiler)
  for (const name of names) await visitExample(project, name)
  return names.length
}

function compile(project, compiler) {
  const options = {
    compilerOptions: {
      module: 'NodeNext',
      target: 'ES2023',
      lib: ['ES2023', 'DOM', 'DOM.Iterable'],
      types: ['node'],
      strict: true,
      skipLibCheck: false,
      outDir: 'compiled',
      rootDir: '.',
    },
    files: names.map(name => `${name}/app.ts`),
  }
  const config = join(project, 'tsconfig.examples.json')
  writeFileSync(config, JSON.stringify(options))
  const compiled = spawnSync(
    process.execPath,
    [`${root}node_modules/${compiler}/bin/tsc`, '-p', config, '--pretty', 'false'],
    { cwd: project, encoding: 'utf8' },
  )
  const errors = compiled.stdout.split('\n').filter(line => /^\S.*error TS/.test(line))
  const isOf = (error, name) => error.startsWith(`node_modules/${name}/`)
  const ours = errors.filter(error => !faulty.some(name => isOf(error, name)))
  if (ours.length > 0) throw new Error(`${compiler}:\n${ours.join('\n')}`)
  const fixed = faulty.find(name => !errors.some(error => isOf(error, name)))
  if (fixed)
    throw new Error(
      `${compiler} compiles the declarations of ${fixed}: remove it from the list of faulty packages`,
    )
}

async function visitExample(project, name) {
  const port = await freePort()
  const child = spawn(process.execPath, [`compiled/${name}/app.js`], {
    cwd: project,
    env: { ...process.env, PORT: String(port) },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  try {
    const response = await firstResponse(`http://localhost:${port}/`)
    const { visits } = await response.json()
    const [cookie] = response.headers.getSetCookie()
    if (visits !== 1 || !cookie?.startsWith('login='))
      throw new Error(`examples/${name} sets no session cookie`)
  } finally {
    child.kill()
  }
}

async function firstResponse(url) {
  for (let tried = 0; tried < 200; tried++) {
    const response = await fetch(url).catch(() => undefined)
    if (response) return response
    await sleep(50)
  }
  throw new Error(`no server listens at ${url} after ten seconds`)
}

async function freePort() {
  const server = createServer()
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address()
  await new Promise(resolve => server.close(resolve))
  return port
}
