import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { detect } from '../../../src/cli/init/detect.ts'
import type { Framework } from '../../../src/cli/init/project.ts'
import { type Files, starters } from './starters.ts'
import { folderWith, manifest } from './support.ts'

suite('detect', () => {
  const found: Record<
    keyof typeof starters,
    [Framework, isTypeScript: boolean, isModule: boolean]
  > = {
    express: ['express', false, false],
    expressTypeScript: ['express', true, true],
    fastify: ['fastify', false, true],
    hono: ['hono', true, true],
    node: ['node', false, false],
    next: ['next', true, false],
    nextJavaScript: ['next', false, false],
    sveltekit: ['sveltekit', true, true],
  }
  for (const [name, [framework, isTypeScript, isModule]] of Object.entries(found)) {
    test(`the starter ${name}`, t => {
      const project = detect(folderWith(t, starters[name as keyof typeof starters]))
      assert.deepEqual(project.frameworks, [framework])
      assert.equal(project.isTypeScript, isTypeScript)
      assert.equal(project.isModule, isModule)
      assert.equal(project.refusal, undefined)
      assert.equal(project.packageManager, 'npm')
    })
  }

  test('an empty project is one without a framework', t => {
    assert.deepEqual(detect(folderWith(t, { 'package.json': '{}' })).frameworks, ['node'])
  })

  test('sources without a server are no project of ours', t => {
    const files = { 'package.json': '{}', 'src/main.ts': 'console.log(1)' }
    assert.deepEqual(detect(folderWith(t, files)).frameworks, [])
  })

  test('several frameworks', t => {
    const dependencies = { next: '16', express: '5' }
    const folder = folderWith(t, { 'package.json': manifest({ dependencies }) })
    assert.deepEqual(detect(folder).frameworks, ['express', 'next'])
  })

  const managers: [name: string, files: Files, expected: string][] = [
    ['package-lock.json', { 'package-lock.json': '{}' }, 'npm'],
    ['pnpm-lock.yaml', { 'pnpm-lock.yaml': '' }, 'pnpm'],
    ['yarn.lock', { 'yarn.lock': '' }, 'yarn'],
    ['bun.lock', { 'bun.lock': '' }, 'bun'],
    ['the field', { 'package.json': manifest({ packageManager: 'pnpm@10.1.0' }) }, 'pnpm'],
    ['an unknown one', { 'package.json': manifest({ packageManager: 'cnpm@9' }) }, 'npm'],
    ['a field of another type', { 'package.json': manifest({ packageManager: 5 }) }, 'npm'],
  ]
  for (const [name, files, expected] of managers) {
    test(`the package manager: ${name}`, t => {
      const folder = folderWith(t, { 'package.json': '{}', ...files })
      assert.equal(detect(folder).packageManager, expected)
    })
  }

  test('in a package of a monorepo: its lockfile and its .gitignore count', t => {
    const root = folderWith(t, {
      'package.json': manifest({ workspaces: ['apps/*'] }),
      'pnpm-lock.yaml': '',
      '.gitignore': 'node_modules\n.env\n',
      'apps/web/package.json': manifest({ dependencies: { hono: '4' } }),
    })
    mkdirSync(join(root, '.git'))
    const project = detect(join(root, 'apps/web'))
    assert.equal(project.packageManager, 'pnpm')
    assert.ok(project.outerIgnores.includes('.env'))
    assert.equal(project.refusal, undefined)
    assert.match(detect(root).refusal ?? '', /root of a monorepo.*\(apps\/\*\)/)
  })

  test('packages, output and large files are not read', t => {
    const project = detect(
      folderWith(t, {
        'package.json': '{}',
        'node_modules/x/index.js': '',
        'dist/index.js': '',
        '.next/server.js': '',
        'bundle.js': ' '.repeat(300_000),
        'src/index.js': '',
      }),
    )
    const sources = [...project.files.keys()].filter(path => path.endsWith('.js'))
    assert.deepEqual(sources, ['src/index.js'])
  })

  const refused: [dependencies: Record<string, string>, reason: RegExp, files?: Files][] = [
    [{ koa: '3' }, /This is a Koa app.*docs\/adapters\/koa\.md/],
    [{ '@nestjs/core': '11', express: '5' }, /This is a NestJS app/],
    [{ nuxt: '4' }, /This is a Nuxt app/],
    [{ hono: '4' }, /Cloudflare Workers/, { 'wrangler.jsonc': '{}' }],
    [{ '@sveltejs/kit': '2', '@sveltejs/adapter-cloudflare': '7' }, /Cloudflare Workers/],
  ]
  for (const [dependencies, reason, files] of refused) {
    test(`refuses ${Object.keys(dependencies).join(' with ')}`, t => {
      const folder = folderWith(t, { 'package.json': manifest({ dependencies }), ...files })
      assert.match(detect(folder).refusal ?? '', reason)
    })
  }

  test('an Express app that uses Connect or h3 is one of Express', t => {
    const dependencies = { express: '5', connect: '3', h3: '1' }
    const folder = folderWith(t, { 'package.json': manifest({ dependencies }) })
    assert.deepEqual(detect(folder).frameworks, ['express'])
  })

  const unreadable: [name: string, files: Files, message: RegExp][] = [
    ['without package.json', {}, /There is no package\.json in this folder/],
    ['broken JSON', { 'package.json': '{ "name": ' }, /package\.json is not valid JSON/],
    ['no object', { 'package.json': '[]' }, /does not contain an object/],
    ['a folder', { 'package.json/file': '' }, /package\.json cannot be read/],
  ]
  for (const [name, files, message] of unreadable) {
    test(`throws: ${name}`, t => {
      const folder = folderWith(t, files)
      assert.throws(() => detect(folder), { name: 'FailedError', message })
    })
  }
})
