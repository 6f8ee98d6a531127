// The examples as users have them: beside the installed package, with nothing of this repository.
import { spawn, spawnSync } from 'node:child_process'
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const manifest = JSON.parse(readFileSync(`${root}package.json`, 'utf8'))

/** What each example needs beside this package, as `devDependencies` names it. */
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

/** Packages to install, as npm takes them. */
export const packages = [...new Set(['@types/node', ...Object.values(frameworks).flat()])].map(
  name => `${name}@${manifest.devDependencies[name]}`,
)

const names = Object.keys(frameworks)

/** Packages whose own declarations do not compile. When they do again, they have to go from here. */
const faulty = [
  'elysia', // 1.4: indexes types by keys that they may not have
  'h3', // 2.0: overrides Error.isError, which the types of ES2023 do not have
  'h3v1', // 1.15: a FetchEvent, which is of service workers
  '@types/koa', // 3.0: asks content-disposition for a type that its version 2 has under another name
]

/** Compiles the examples in a project where all is installed, and asks each for its first page. */
export async function checkExamples(project) {
  for (const name of names)
    cpSync(`${root}examples/${name}`, join(project, name), { recursive: true })
  for (const compiler of ['typescript', 'typescript7']) compile(project, compiler)
  for (const name of names) await askExample(project, name)
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
  const mended = faulty.find(name => !errors.some(error => isOf(error, name)))
  if (mended) throw new Error(`${compiler} compiles the declarations of ${mended}`)
}

async function askExample(project, name) {
  const port = await freePort()
  const child = spawn(process.execPath, [`compiled/${name}/app.js`], {
    cwd: project,
    env: { ...process.env, PORT: String(port) },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  try {
    const response = await firstAnswer(`http://localhost:${port}/`)
    const { visits } = await response.json()
    const [cookie] = response.headers.getSetCookie()
    if (visits !== 1 || !cookie?.startsWith('login=')) throw new Error(`${name} keeps no session`)
  } finally {
    child.kill()
  }
}

async function firstAnswer(url) {
  for (let tried = 0; tried < 200; tried++) {
    const response = await fetch(url).catch(() => undefined)
    if (response) return response
    await sleep(50)
  }
  throw new Error(`nobody listens at ${url} after ten seconds`)
}

async function freePort() {
  const server = createServer()
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address()
  await new Promise(resolve => server.close(resolve))
  return port
}
