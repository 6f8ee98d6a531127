/** Every example of the documentation compiles, and the first of the README runs. */

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { start } from './support/processes/process.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.md'))
    .map(file => `docs/${file}`),
]

function examples(page: string): string[] {
  const text = readFileSync(join(root, page), 'utf8')
  return [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(match => match[1] as string)
}

suite('documentation', () => {
  // Inside the project, so that `silverback` is what they import.
  const folder = join(root, 'test-output', 'docs')

  test('every example compiles', () => {
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    let count = 0
    for (const page of pages) {
      for (const [index, example] of examples(page).entries()) {
        writeFileSync(join(folder, `${page.replaceAll('/', '-')}-${index + 1}.ts`), example)
        count++
      }
    }
    assert.ok(count >= 8)
    const options = { extends: '../../tsconfig.json', include: ['.'], exclude: [] }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(options))
    try {
      execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder])
    } catch (error) {
      assert.fail(String((error as { stdout: Buffer }).stdout))
    }
  })

  test("README's first example runs as printed", async () => {
    const [example] = examples('README.md') as [string]
    // Only the port and a line that tells it are ours.
    const script = join(root, 'test-output', 'readme.ts')
    mkdirSync(join(root, 'test-output'), { recursive: true })
    writeFileSync(
      script,
      `${example.replace('listen(3000)', 'listen(0)')}
       server.on('listening', () => console.log(JSON.stringify(server.address())))`,
    )
    const SESSION_KEY = randomBytes(32).toString('base64')
    const server = await start(process.execPath, [script], /"port":(\d+)/, {
      env: { ...process.env, SESSION_KEY },
    })
    try {
      let cookie = ''
      for (const expected of ['Visit 1\n', 'Visit 2\n', 'Visit 3\n']) {
        const response = await fetch(`http://localhost:${server.match[1]}/`, {
          headers: { cookie },
        })
        assert.equal(await response.text(), expected)
        const [line] = response.headers.getSetCookie()
        cookie = (line as string).split(';')[0] as string
      }
    } finally {
      await server.stop()
    }
  })

  for (const page of pages) {
    test(`${page}: its links lead somewhere`, () => {
      const text = readFileSync(join(root, page), 'utf8')
      for (const [, target] of text.matchAll(/\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)/g)) {
        const path = join(root, page, '..', target as string)
        assert.doesNotThrow(() => readFileSync(path), `${page} links to ${target}`)
      }
    })
  }
})
