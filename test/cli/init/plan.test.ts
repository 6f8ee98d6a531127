import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import ts from 'typescript'
import { detect } from '../../../src/cli/init/detect.ts'
import { planInit } from '../../../src/cli/init/plan.ts'
import { type Framework, type Plan, stores } from '../../../src/cli/init/project.ts'
import { writeAll } from '../../../src/cli/init/write.ts'
import { type Files, starters } from './starters.ts'
import { filesIn, folderWith, manifest } from './support.ts'

const random = (bytes: number) => `${'r'.repeat(bytes)}=`
const { signal } = new AbortController()

function planFor(
  t: Parameters<typeof folderWith>[0],
  files: Files,
  options: { framework?: Framework; store?: (typeof stores)[number]; node?: string } = {},
): Plan & { folder: string; after(path: string): string } {
  const folder = folderWith(t, files)
  const project = detect(folder, options.node ?? '20.19.0')
  const framework = options.framework ?? (project.frameworks[0] as Framework)
  const plan = planInit(project, { framework, store: options.store ?? 'cookie' }, random)
  return {
    ...plan,
    folder,
    after(path) {
      const change = plan.changes.find(each => each.path === path)
      assert.ok(change, `${path} is not among ${plan.changes.map(each => each.path).join(', ')}`)
      return change.after
    },
  }
}

const paths = ({ changes }: Plan) => changes.map(({ path }) => path)

suite('planInit', () => {
  for (const [name, files] of Object.entries(starters)) {
    for (const store of stores) {
      if (name.startsWith('next') && store === 'memory') continue
      test(`${name} with ${store}: valid code, and nothing to do afterwards`, t => {
        for (const node of store === 'sqlite' ? ['20.19.0', '24.0.0'] : ['20.19.0']) {
          const plan = planFor(t, files, { store, node })
          assert.deepEqual(plan.notes, [])
          for (const { path, after } of plan.changes) {
            if (/\.[cm]?[jt]sx?$/.test(path)) assertParses(path, after)
          }
          writeAll(plan.folder, plan.changes, signal)
          const written = filesIn(plan.folder)
          const project = detect(plan.folder)
          const framework = project.frameworks[0] as Framework
          for (const again of stores) {
            if (framework === 'next' && again === 'memory') continue
            assert.deepEqual(planInit(project, { framework, store: again }, random).changes, [])
          }
          assert.deepEqual(filesIn(plan.folder), written)
        }
      })
    }

    test(`${name}: completed after it was interrupted between any two files`, t => {
      const { changes } = planFor(t, files)
      for (let count = 0; count < changes.length; count++) {
        const folder = folderWith(t, files)
        writeAll(folder, changes.slice(0, count), signal)
        const project = detect(folder)
        const framework = project.frameworks[0] as Framework
        const rest = planInit(project, { framework, store: 'cookie' }, random)
        assert.deepEqual(
          rest.changes.map(({ path }) => path),
          changes.slice(count).map(({ path }) => path),
        )
        writeAll(folder, rest.changes, signal)
      }
    })
  }

  test('the packages that are missing', t => {
    const plan = planFor(t, starters.expressTypeScript, { store: 'postgres' })
    assert.deepEqual(plan.dependencies, ['silverback', 'pg'])
    assert.deepEqual(plan.devDependencies, ['@types/pg'])
    const hono = planFor(t, { 'package.json': manifest({ dependencies: { hono: '4' } }) })
    assert.deepEqual(hono.dependencies, ['silverback', '@hono/node-server'])
    assert.deepEqual(planFor(t, starters.next).devDependencies, ['vitest@4'])
    assert.deepEqual(planFor(t, starters.next, { node: '24.1.0' }).devDependencies, ['vitest'])
  })

  test('the client that the project has is used', t => {
    const files = (client: string) => ({
      ...starters.express,
      'package.json': manifest({ dependencies: { express: '5', [client]: '1' } }),
    })
    const modules = (client: string, store: 'redis' | 'sqlite', node?: string) =>
      planFor(t, files(client), { store, ...(node && { node }) }).after('sessions.js')
    assert.match(modules('redis', 'redis'), /createClient/)
    assert.match(modules('ioredis', 'redis'), /require\('ioredis'\)/)
    assert.match(modules('better-sqlite3', 'sqlite'), /require\('better-sqlite3'\)/)
    assert.match(modules('x', 'sqlite', '22.13.0'), /require\('node:sqlite'\)/)
    assert.match(modules('x', 'sqlite', '22.12.0'), /require\('libsql'\)/)
  })

  const styled: [name: string, entry: string, expected: string][] = [
    [
      'double quotes, tabs, settings and static files',
      `import express from "express";
// The app
export const app: express.Express = express();
app.set("trust proxy", 1);
app.use(express.static("public"));

app.get("/", (_, response) => {
	response.send("(");
});
`,
      `import express from "express";
import { sessions } from "silverback/express";
import { login } from "./sessions";
import { signInRoutes } from "./sign-in";
// The app
export const app: express.Express = express();
app.set("trust proxy", 1);
app.use(express.static("public"));
app.use(sessions(login), signInRoutes(login));

app.get("/", (_, response) => {
	response.send("(");
});
`,
    ],
    [
      'imports over several lines, and one later',
      `import express, {
  type Request,
} from 'express'
const app = express()
import './late'
`,
      `import express, {
  type Request,
} from 'express'
import { sessions } from 'silverback/express'
import { login } from './sessions'
import { signInRoutes } from './sign-in'
const app = express()
app.use(sessions(login), signInRoutes(login))
import './late'
`,
    ],
  ]
  for (const [name, entry, expected] of styled) {
    test(`the app is edited in its style: ${name}`, t => {
      const plan = planFor(t, {
        'package.json': manifest({ dependencies: { express: '5' } }),
        'tsconfig.json': '{ "compilerOptions": { "module": "commonjs" } }',
        'src/app.ts': entry,
      })
      assert.equal(plan.after('src/app.ts'), expected)
      assert.equal(paths(plan).at(-1), 'src/app.ts')
    })
  }

  test('the endings of lines stay', t => {
    const entry = 'const express = require("express");\r\nconst app = express();\r\n'
    const plan = planFor(t, { ...starters.express, 'index.js': entry })
    assert.doesNotMatch(plan.after('index.js'), /[^\r]\n/)
    assert.doesNotMatch(plan.after('sessions.js'), /[^\r]\n/)
  })

  test('a first line for the shell and a directive stay first', t => {
    const entry = `#!/usr/bin/env node\n'use strict'\nvar app = require('express')()\nlet x`
    const manual = planFor(t, { ...starters.express, 'index.js': entry })
    assert.match(manual.notes.join(), /Add these lines to index\.js/)
    const fastify = `#!/usr/bin/env node\n'use strict'\nconst app = require('fastify')({ logger: true })\n`
    const plan = planFor(t, {
      'package.json': manifest({ dependencies: { fastify: '5' } }),
      'app.js': fastify,
    })
    assert.match(
      plan.after('app.js'),
      /^#!.*\n'use strict'\nconst \{ sessions \}[\s\S]*logger: true \}\)\napp\.register\(sessions\(login\)\)\n/,
    )
  })

  const express = (code: string) => `import express from 'express'\n${code}\n`
  const ambiguous: [name: string, files: Files, note: RegExp][] = [
    ['in a function', { 'a.js': express('function f() {\n  const app = express()\n}') }, /a\.js/],
    [
      'two apps in one file',
      { 'a.js': express('const app = express()\nconst api = express()') },
      /Add these lines to one of a\.js, a\.js/,
    ],
    [
      'two files',
      { 'a.js': express('const app = express()'), 'b.js': express('const app = express()') },
      /one of a\.js, b\.js/,
    ],
    ['only in a comment', { 'a.js': express('// \n/*\nconst app = express()\n*/') }, /a\.js/],
    ['in a template', { 'a.js': express('const text = `\nconst app = express()\n`') }, /a\.js/],
    ['a chain', { 'a.js': express('const app = express().use(x)') }, /not a statement of its own/],
    [
      'a name in use',
      { 'a.js': express("import { login } from './x'\nconst app = express()") },
      /it uses the name login already/,
    ],
    [
      'unfinished brackets',
      { 'a.js': express('const app = express(\n') },
      /Add these lines to a\.js, after the app is created/,
    ],
  ]
  for (const [name, files, note] of ambiguous) {
    test(`the app is not edited: ${name}`, t => {
      const base = manifest({ type: 'module', dependencies: { express: '5' } })
      const plan = planFor(t, { 'package.json': base, ...files })
      for (const path of Object.keys(files)) assert.ok(!paths(plan).includes(path))
      assert.match(plan.notes.join('\n'), note)
      assert.match(plan.notes.join('\n'), /app\.use\(sessions\(login\), signInRoutes\(login\)\)/)
      writeAll(plan.folder, plan.changes, signal)
      const again = planInit(detect(plan.folder), { framework: 'express', store: 'file' }, random)
      assert.deepEqual(again.changes, [])
    })
  }

  for (const name of ['express-session', 'cookie-session', '@fastify/session']) {
    test(`the app is not edited: ${name} sets request.session too`, t => {
      const dependencies = { express: '5', [name]: '1' }
      const files = { ...starters.express, 'package.json': manifest({ dependencies }) }
      assert.match(planFor(t, files).notes.join(), /sets request\.session too: see docs\/migrating/)
    })
  }

  test('routes of the app come first: the example is left out', t => {
    const files = {
      ...starters.express,
      'routes.js': "module.exports = app => app.post('/sign-in', () => {})",
    }
    const plan = planFor(t, files)
    assert.deepEqual(paths(plan), ['.gitignore', '.env', '.env.example', 'sessions.js', 'index.js'])
    assert.match(plan.after('index.js'), /app\.use\(sessions\(login\)\)/)
    assert.equal(plan.after('.env'), `SESSION_KEY=${random(32)}\n`)
  })

  const listeners: [code: string, expected: RegExp | undefined][] = [
    [
      'createServer(listener).listen(1)',
      /^createServer\(sessions\(login, withSignIn\(listener\)\)\)/m,
    ],
    [
      'const s = http.createServer(async function (a, b) {\n},\n)',
      /createServer\(sessions\(login, withSignIn\(async function \(a, b\) \{\n\}\)\),\n\)/,
    ],
    ['const s = createServer(r => { r.end() })', /withSignIn\(r => \{ r\.end\(\) \}\)\)\)/],
    ['const s = createServer({ keepAlive: true }, listener)', undefined],
    ['const s = createServer()', undefined],
    ['const s = createServer((a, b) => { b.end() }, more)', undefined],
    ['const s = createServer(listenerOf(app))', undefined],
  ]
  for (const [code, expected] of listeners) {
    test(`the listener of Node: ${JSON.stringify(code)}`, t => {
      const entry = `import http, { createServer } from 'node:http'\n${code}\n`
      const plan = planFor(t, { 'package.json': manifest({ type: 'module' }), 'a.js': entry })
      if (!expected) return assert.match(plan.notes.join(), /instead of createServer\(listener\)/)
      assert.match(plan.after('a.js'), expected)
      assertParses('a.js', plan.after('a.js'))
    })
  }

  test('Jest: no test, and why', t => {
    const files = {
      ...starters.express,
      'package.json': manifest({ dependencies: { express: '5' }, devDependencies: { jest: '30' } }),
    }
    const plan = planFor(t, files)
    assert.match(plan.notes.join(), /No test was added, because Jest/)
    assert.equal(plan.test, undefined)
  })

  test('tests are where the others are', t => {
    const testPath = (files: Files) =>
      paths(planFor(t, { ...starters.hono, ...files })).find(path => /sessions\.test/.test(path))
    assert.equal(testPath({}), 'test/sessions.test.ts')
    assert.equal(testPath({ 'tests/a.test.ts': '' }), 'tests/sessions.test.ts')
    assert.equal(testPath({ 'src/a.spec.ts': '' }), 'src/sessions.test.ts')
    const tsconfig = '{\n"compilerOptions": {\n"rootDir": "src"\n}\n}'
    assert.equal(testPath({ 'tsconfig.json': tsconfig }), 'src/sessions.test.ts')
  })

  test('relative imports end as those of the project do', t => {
    const suffix = (entry: string, tsconfig = '{}') => {
      const files = { ...starters.hono, 'src/index.ts': entry, 'tsconfig.json': tsconfig }
      return /from '\.\/sessions(.*)'/.exec(planFor(t, files).after('src/sign-in.ts'))?.[1]
    }
    const app = "import { Hono } from 'hono'\nconst app = new Hono()\n"
    assert.equal(suffix(`${app}import './a.ts'\nimport b from './b.ts'\n`), '.ts')
    assert.equal(suffix(`${app}import b from './b.js'\n`), '.js')
    assert.equal(suffix(`${app}import b from './b'\n`), '')
    assert.equal(suffix(app), '.js')
    assert.equal(suffix(app, '{\n "moduleResolution": "bundler"\n}'), '')
    assert.equal(suffix(app, '{\n "rewriteRelativeImportExtensions": true\n}'), '.ts')
  })

  test('Express 4 gets handlers that pass their errors on', t => {
    const files = {
      ...starters.express,
      'package.json': manifest({ dependencies: { express: '~4.21.0' } }),
    }
    assert.match(planFor(t, files).after('sign-in.js'), /passErrors\(async/)
    const old = { ...starters.expressTypeScript, 'package.json': files['package.json'] }
    assertParses('a.ts', planFor(t, old).after('src/sign-in.ts'))
  })

  test('a file of the same name with another purpose: nothing is planned', t => {
    const files = { ...starters.express, 'sessions.js': 'module.exports = []' }
    assert.throws(() => planFor(t, files), {
      name: 'FailedError',
      message: /^sessions\.js exists and has another purpose\. Rename it/,
    })
  })

  test('routes in a project without an app: no app is written that would need the example', t => {
    const files = {
      'package.json': manifest({ dependencies: { express: '5' } }),
      'client.js': "fetch('/me')",
    }
    const plan = planFor(t, files)
    assert.ok(!paths(plan).includes('server.js'))
    assert.match(plan.notes.join('\n'), /Add these lines to the file of the app/)
  })

  test('a project that uses the library elsewhere gets no second set-up', t => {
    const entry = "const { CookieStore } = require('silverback')"
    const plan = planFor(t, { ...starters.express, 'lib/mine.js': entry })
    assert.equal(plan.foundIn, 'lib/mine.js')
    assert.deepEqual(plan.changes, [])
  })

  test('a fresh clone gets its .env', t => {
    const first = planFor(t, starters.express)
    const files = Object.fromEntries(first.changes.map(({ path, after }) => [path, after]))
    const { '.env': _, ...clone } = { ...starters.express, ...files }
    const plan = planFor(t, clone)
    assert.deepEqual(paths(plan), ['.env'])
    assert.deepEqual(plan.foundIn, 'index.js')
  })

  test('Next.js: without an app folder, with a proxy, in version 15', t => {
    const { 'app/layout.tsx': _, 'app/page.tsx': __, ...pages } = starters.next
    assert.throws(() => planFor(t, pages), /There is no app folder/)
    assert.throws(() => planFor(t, starters.next, { store: 'memory' }), /do not share memory/)
    const proxied = planFor(t, { ...starters.next, 'proxy.ts': 'export function proxy() {}' })
    assert.match(proxied.notes.join(), /Add this line to proxy\.ts/)
    const old = manifest({ dependencies: { next: '15.5.0' } })
    assert.ok(!paths(planFor(t, { ...starters.next, 'package.json': old })).includes('proxy.ts'))
  })

  test('SvelteKit with hooks of its own', t => {
    const hooks = 'export const handle = ({ event, resolve }) => resolve(event)\n'
    const plan = planFor(t, { ...starters.sveltekit, 'src/hooks.server.ts': hooks })
    assert.ok(!paths(plan).includes('src/hooks.server.ts'))
    assert.match(plan.notes.join(), /sequence\(sessions\(login\), yourHandle\)/)
  })
})

suite('.env and .gitignore', () => {
  test('values that exist stay, and empty ones are filled in', t => {
    const env = 'A=1\nexport SESSION_KEY="old"\nDEMO_PASSWORD=\nB=2'
    const plan = planFor(t, { ...starters.express, '.env': env }, { store: 'redis' })
    assert.equal(
      plan.after('.env'),
      `A=1\nexport SESSION_KEY="old"\nDEMO_PASSWORD=${random(12)}\nB=2\nREDIS_URL=redis://localhost:6379\n`,
    )
  })

  test('.env is written after .gitignore', t => {
    assert.deepEqual(paths(planFor(t, starters.express)).slice(0, 2), ['.gitignore', '.env'])
  })

  const ignores: [before: string, after: string | undefined][] = [
    ['.env\n', undefined],
    ['/.env', undefined],
    ['**/.env\n', undefined],
    ['*.env\n', undefined],
    ['.env*\n', '.env*\n!.env.example\n'],
    ['.env\n.env.*\n!.env.example\n', undefined],
    ['node_modules', 'node_modules\n.env\n'],
    ['#.env\r\n', '#.env\r\n.env\r\n'],
    ['.environment\n', '.environment\n.env\n'],
  ]
  for (const [before, after] of ignores) {
    test(`.gitignore: ${JSON.stringify(before)}`, t => {
      const plan = planFor(t, { ...starters.express, '.gitignore': before })
      assert.equal(plan.changes.find(({ path }) => path === '.gitignore')?.after, after)
    })
  }

  test('records of sqlite and file are ignored too', t => {
    const files = { ...starters.express, '.gitignore': '.env\n' }
    assert.equal(planFor(t, files, { store: 'file' }).after('.gitignore'), '.env\n.sessions\n')
    const sqlite = planFor(t, files, { store: 'sqlite' })
    assert.equal(sqlite.after('.gitignore'), '.env\nsessions.db*\n')
    writeFileSync(join(sqlite.folder, '.gitignore'), sqlite.after('.gitignore'))
  })
})

/** Whether TypeScript parses a file without an error. */
function assertParses(fileName: string, code: string): void {
  const { diagnostics = [] } = ts.transpileModule(code, {
    fileName,
    reportDiagnostics: true,
    compilerOptions: { target: ts.ScriptTarget.ES2022, jsx: ts.JsxEmit.Preserve, allowJs: true },
  })
  assert.deepEqual(
    diagnostics.map(({ messageText }) => messageText),
    [],
    code,
  )
}
