/** The quick starts of the documentation work as printed, in empty folders, with the packed library. */

import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { signInAndOut, withServer } from './support/projects/example.ts'
import { needsProject, packedLibrary } from './support/projects/projects.ts'
import { startPostgres } from './support/services/postgres-server.ts'
import { needs } from './support/services/programs.ts'
import { startRedis } from './support/services/redis-server.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const { packages } = JSON.parse(readFileSync(`${root}package-lock.json`, 'utf8'))
/** npm and the quick starts do not inherit the options of the tests. */
const env = { ...process.env, NODE_OPTIONS: '' }

/** Packages whose own declarations do not compile. The test fails when one of them is fixed. */
const faulty: Record<string, string> = {
  elysia: 'elysia', // 1.4: indexes types by keys that may be missing
  h3: 'h3', // 2.0: overrides Error.isError, which ES2023 does not declare
  h3v1: 'h3v1', // 1.15: uses FetchEvent, a type of service workers
}

interface QuickStart {
  /** Relative to docs/. */
  page: string
  /** Relative to examples/. */
  example: string
  /** Starts what the example needs, and returns its environment variables. */
  start?: (folder: string) => Promise<{ variables: Record<string, string>; stop(): Promise<void> }>
}

const adapters = [
  'connect',
  'elysia',
  'express',
  'fastify',
  'h3',
  'h3v1',
  'hono',
  'koa',
  'node',
  'web',
]

const quickStarts: QuickStart[] = [
  ...adapters.map(name => ({ page: `adapters/${name}.md`, example: `${name}/app.ts` })),
  {
    page: 'backends/redis.md',
    example: 'express/redis.ts',
    async start() {
      const server = await startRedis()
      return {
        variables: { REDIS_URL: `redis://127.0.0.1:${server.port}` },
        stop: () => server.stop(),
      }
    },
  },
  {
    page: 'backends/postgres.md',
    example: 'express/postgres.ts',
    async start() {
      const server = await startPostgres()
      return { variables: { DATABASE_URL: server.url }, stop: () => server.stop() }
    },
  },
  { page: 'backends/sqlite.md', example: 'hono/sqlite.ts' },
]

// A project that cannot be installed means that there is no registry.
suite('quick starts', needsProject('test/projects/commonjs'), () => {
  test('README.md', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'quick-start-'))
    try {
      const text = readFileSync(`${root}README.md`, 'utf8')
      const [, commands = '', code = ''] =
        /```sh\n([^`]+)```\n\n```ts\n(.*?)^```/ms.exec(text) ?? []
      const [install = ''] = commands.split('\n')
      for (const line of [install, 'npm install tsx']) {
        execFileSync('sh', ['-c', pinned(line)], { cwd: folder, stdio: 'pipe', env })
      }
      writeFileSync(join(folder, 'app.ts'), code.replace('3000', 'process.env.PORT'))
      const variables = { SESSION_KEY: randomBytes(32).toString('base64') }
      await withServer(
        [join(folder, 'node_modules/.bin/tsx'), 'app.ts'],
        folder,
        async origin => {
          const first = await fetch(origin)
          const headers = { cookie: first.headers.getSetCookie()[0]?.split(';')[0] as string }
          const second = await fetch(origin, { headers })
          assert.deepEqual([await first.text(), await second.text()], ['Visit 1\n', 'Visit 2\n'])
        },
        variables,
      )
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  for (const quickStart of quickStarts) {
    const { page, example } = quickStart
    const programs = page.includes('redis')
      ? ['redis-server']
      : page.includes('postgres')
        ? ['initdb', 'postgres']
        : []

    suite(`docs/${page}`, needs(...programs), () => {
      const folder = mkdtempSync(join(tmpdir(), 'quick-start-'))
      const text = readFileSync(`${root}docs/${page}`, 'utf8')
      const code = readFileSync(`${root}examples/${example}`, 'utf8')
      before(() => {
        for (const line of installLines(text, code)) {
          execFileSync('sh', ['-c', pinned(line)], { cwd: folder, stdio: 'pipe', env })
        }
        writeFileSync(join(folder, 'app.ts'), code)
      })
      after(() => rmSync(folder, { recursive: true, force: true }))

      test('compiles in strict mode', () => {
        const errors = compile(folder)
        const name = faulty[example.split('/')[0] as string]
        const isTheirs = (line: string): boolean =>
          name !== undefined && line.startsWith(`node_modules/${name}/`)
        assert.deepEqual(
          errors.filter(line => !isTheirs(line)),
          [],
        )
        if (name) assert.ok(errors.some(isTheirs), `${name} compiles: it is not faulty any more`)
      })

      test('signs in, remembers the visitor, shows messages and signs out everywhere', async () => {
        const services = await quickStart.start?.(folder)
        try {
          const tsx = join(folder, 'node_modules/.bin/tsx')
          await withServer([tsx, 'app.ts'], folder, signInAndOut, services?.variables)
        } finally {
          await services?.stop()
        }
      })
    })
  }
})

/** The commands in the `sh` block before the code. */
function installLines(page: string, code: string): string[] {
  const start = page.indexOf(`\`\`\`ts\n${code}\`\`\``)
  assert.notEqual(start, -1, 'the page does not show the example')
  const block = /```sh\n([^`]+)```\n\n$/.exec(page.slice(0, start))?.[1]
  assert.ok(block, 'the page has no commands before the example')
  return block.trim().split('\n')
}

/** `npm install` with the packed library, and with the versions of this repository's lockfile. */
function pinned(command: string): string {
  if (!command.startsWith('npm install')) return command
  const words = command.split(' ').map(word => {
    if (word === 'silverback') return packedLibrary()
    const name = /^(@?[^@]+)/.exec(word)?.[1] as string
    const { version } = packages[`node_modules/${name}`] ?? {}
    if (!version) return word
    const alias = /@(npm:[^@]+)/.exec(word)?.[1]
    return alias ? `${name}@${alias}@${version}` : `${name}@${version}`
  })
  return [...words, '--no-audit', '--no-fund'].join(' ')
}

/** Returns the lines with which TypeScript reports errors. */
function compile(folder: string): string[] {
  const tsc = `${root}node_modules/typescript7/bin/tsc`
  const options =
    '--noEmit --strict --skipLibCheck false --module nodenext --target es2023 --types node --pretty false'
  const { stdout } = spawnSync(process.execPath, [tsc, ...options.split(' '), 'app.ts'], {
    cwd: folder,
    encoding: 'utf8',
    env,
  })
  return stdout.split('\n').filter(line => /error TS/.test(line))
}
