/** Runs the examples of docs/migrate: the app before the migration, and the one after it. */

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { CookieJar } from 'silverback/testing'
import { withServer } from '../support/projects/example.ts'

export const root = fileURLToPath(new URL('../..', import.meta.url))

/** The two apps of a guide. */
export interface Guide {
  readonly before: string
  readonly after: string
  /** The folder for its programs. It is inside the project, so that `silverback` is what they import. */
  readonly folder: string
}

export function readGuide(name: string): Guide {
  const page = readFileSync(join(root, `docs/migrate/${name}.md`), 'utf8')
  const [, before = ''] = /^```(?:ts before|go)\n(.*?)^```$/ms.exec(page) ?? []
  const [, after = ''] = /^```ts\n(.*?)^```$/ms.exec(page) ?? []
  const folder = join(root, 'test-output', 'migrate', name)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  return { before, after, folder }
}

/** Writes a program with a port of the test and a migration that is not over. Returns its path. */
export function writeProgram({ folder }: Guide, file: string, code: string): string {
  const path = join(folder, file)
  // Not tomorrow, which may begin during the test.
  const later = new Date(Date.now() + 2 * 86_400_000).toISOString().slice(0, 10)
  const program = code
    .replace(/new Date\('[\d-]+'\)/, `new Date('${later}')`)
    .replace(/(listen\(|port: )3000/, '$1Number(process.env.PORT)')
  writeFileSync(path, program)
  return path
}

/**
 * Compiles both programs of a guide as an app of its own: the packages declare `request.session` with different
 * types.
 */
export function compile(guide: Guide): void {
  const { folder } = guide
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ extends: '../../../tsconfig.json', include: ['.'], exclude: [] }),
  )
  writeProgram(guide, 'before.ts', guide.before)
  writeProgram(guide, 'after.ts', guide.after)
  try {
    const compiler = join(root, 'node_modules/typescript7/bin/tsc')
    execFileSync(process.execPath, [compiler, '-p', folder])
  } catch (error) {
    assert.fail(String((error as { stdout: Buffer }).stdout))
  }
}

/** Runs an app while `use` runs. */
export type RunApp = (use: (origin: string) => Promise<void>) => Promise<void>

/** Runs a program in TypeScript, with these environment variables and those of Node. */
export function runProgram(path: string, environment: NodeJS.ProcessEnv): RunApp {
  const { NODE_OPTIONS } = process.env
  return use => withServer([process.execPath, path], root, use, { ...environment, NODE_OPTIONS })
}

/** What a visitor does. */
export interface Visitor {
  show(jar: CookieJar, origin: string): Promise<string>
  signIn(jar: CookieJar, origin: string, user: string): Promise<void>
  signOut(jar: CookieJar, origin: string): Promise<void>
}

/** The routes that the apps have in common. */
export const visitor: Visitor = {
  show: async (jar, origin) => (await jar.fetch(origin)).text(),
  signIn: (jar, origin, user) => submit(jar, `${origin}/sign-in`, { user }),
  signOut: (jar, origin) => submit(jar, `${origin}/sign-out`),
}

/** Submits JSON, and expects a redirect to the home page. */
export async function submit(jar: CookieJar, url: string, body: object = {}): Promise<void> {
  const response = await jar.fetch(url, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  assert.equal(response.status, 302, `${url}: ${response.status} ${await response.text()}`)
}

/** A visitor signs in before the migration, and stays signed in after it until they sign out. */
export async function migrate(
  before: RunApp,
  after: RunApp,
  { show, signIn, signOut }: Visitor = visitor,
): Promise<void> {
  // `Secure` cookies are sent to localhost. The cookies of all ports are the same.
  const jar = new CookieJar()
  await before(async origin => {
    assert.equal(await show(jar, origin), 'guest: 1')
    await signIn(jar, origin, 'ann')
    assert.match(await show(jar, origin), /^ann: [12]$/)
    assert.match(await show(jar, origin), /^ann: [23]$/)
  })
  const old = jar.header('http://localhost')
  await after(async origin => {
    assert.match(await show(jar, origin), /^ann: [34]$/)
    assert.match(jar.header('http://localhost'), /^login=[^;]+$/, 'the old cookies are deleted')
    assert.notEqual(jar.header('http://localhost'), old)
    assert.match(await show(jar, origin), /^ann: [45]$/)
    await signOut(jar, origin)
    assert.equal(await show(jar, origin), 'guest: 1')
    await signIn(jar, origin, 'bob')
    assert.equal(await show(jar, origin), 'bob: 1')
  })
}

/** Tests a guide whose apps are Node programs that keep their sessions in cookies, or where the environment says. */
export function testGuide(name: string, environment: () => NodeJS.ProcessEnv): void {
  suite(`guide: from ${name}`, () => {
    const guide = readGuide(name)

    test('both programs compile', () => compile(guide))

    test('visitors stay signed in', () => {
      const variables = { SESSION_KEY: randomBytes(32).toString('base64'), ...environment() }
      const [before, after] = (['before', 'after'] as const).map(part =>
        runProgram(writeProgram(guide, `${part}.ts`, guide[part]), variables),
      ) as [RunApp, RunApp]
      return migrate(before, after)
    })
  })
}
