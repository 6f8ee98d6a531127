/** Every example of the documentation compiles, and the first of the README runs. */

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { slugify } from '../docs/.vitepress/repository-links.ts'
import { start } from './support/processes/process.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.md') && !/^(?:\.vitepress|api)\b/.test(file))
    .map(file => `docs/${file}`),
]

function examples(page: string): string[] {
  const text = readFileSync(join(root, page), 'utf8')
  return [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(match => match[1] as string)
}

/** The anchors of the headings of a page, as GitHub makes them. */
function anchorsOf(path: string): Set<string> {
  const prose = readFileSync(path, 'utf8').replace(/^```.*?^```$/gms, '')
  const counts = new Map<string, number>()
  const anchors = [...prose.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => {
    const anchor = slugify(heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1'))
    const count = counts.get(anchor) ?? 0
    counts.set(anchor, count + 1)
    return count === 0 ? anchor : `${anchor}-${count}`
  })
  return new Set(anchors)
}

/** Compiles files, by name, as one program. */
function compile(folder: string, files: Readonly<Record<string, string>>): void {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, `${name}.ts`), text)
  const options = { extends: '../../tsconfig.json', include: ['.'], exclude: [] }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(options))
  try {
    execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder])
  } catch (error) {
    assert.fail(String((error as { stdout: Buffer }).stdout))
  }
}

suite('documentation', () => {
  // Inside the project, so that `silverback` is what they import.
  const folder = join(root, 'test-output', 'docs')

  test('every example compiles', () => {
    const files = pages.flatMap(page =>
      examples(page).map((example, index) => [
        `${page.replaceAll('/', '-')}-${index + 1}`,
        example,
      ]),
    )
    assert.ok(files.length >= 8)
    compile(folder, Object.fromEntries(files))
  })

  for (const name of ['express', 'fastify']) {
    test(`the declaration of request.session for ${name} compiles in an app of its own`, () => {
      const page = readFileSync(join(root, `docs/adapters/${name}.md`), 'utf8')
      const [, declaration] = /^```ts declaration\n(.*?)^```$/ms.exec(page) ?? []
      const [app] = examples(`docs/adapters/${name}.md`)
      compile(join(root, 'test-output', `docs-${name}`), { app: `${app}\n${declaration}` })
    })
  }

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

  test("docs/gorilla.md: the tests that it names next to Go's exist", () => {
    const text = readFileSync(join(root, 'docs/gorilla.md'), 'utf8')
    const rows = [...text.matchAll(/^\| `Test\w+` \| (.*) \|$/gm)].map(match => match[1] as string)
    assert.equal(rows.length, 21)
    let file = ''
    for (const row of rows) {
      const names = [...row.matchAll(/`([^`]+)`/g)].map(match => match[1] as string)
      if (names[0]?.endsWith('.test.ts')) {
        file = readFileSync(join(root, 'test', names.shift() as string), 'utf8')
      }
      for (const name of names.filter(name => name !== 'my session')) {
        // Names that end in a parameter, or begin with one, are templates.
        const fixed = name
          .replace(/(?: -?\d+| gob| JSON)$/, '')
          .replace(/^(?:null|empty) hash key/, '')
        assert.ok(file.includes(fixed), `no test named ${name}`)
      }
    }
  })

  for (const page of pages) {
    test(`${page}: its links lead somewhere`, () => {
      const text = readFileSync(join(root, page), 'utf8')
      for (const [, target, anchor] of text.matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)) {
        const path = target ? join(root, page, '..', target) : join(root, page)
        assert.doesNotThrow(() => readFileSync(path), `${page} links to ${target}`)
        if (anchor && path.endsWith('.md')) {
          assert.ok(anchorsOf(path).has(anchor), `${page} links to ${target}#${anchor}`)
        }
      }
    })
  }
})
