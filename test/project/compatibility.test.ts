/** docs/compatibility.md states what package.json allows and what the tests run with. */

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { exists, json, text } from './support.ts'

const manifest = json('package.json')
const page = text('docs/compatibility.md')

/** The rows of the table below a heading, as cells without links and backticks. */
function rows(heading: string): string[][] {
  const section = page.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? ''
  const [, , ...lines] = section.split('\n').filter(line => line.startsWith('|'))
  return lines.map(line =>
    line
      .slice(1, -1)
      .split('|')
      .map(cell =>
        cell
          .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
          .replaceAll('`', '')
          .trim(),
      ),
  )
}

/** The versions of a package in the lockfiles of folders. */
const versionsIn = (folders: readonly string[], ...names: readonly string[]): string[] =>
  folders.flatMap(folder => {
    const { packages } = json(`${folder}package-lock.json`)
    return names.flatMap(name => packages[`node_modules/${name}`]?.version ?? [])
  })

/** Checks a cell such as `5.3, 4.22`. */
function assertTested(cell: string, versions: readonly string[]): void {
  const stated = cell.split(', ')
  assert.equal(stated.length, versions.length, `${cell}: ${versions}`)
  for (const [index, version] of versions.entries()) {
    assert.ok(`${version}.`.startsWith(`${stated[index]}.`), `${cell}: ${versions}`)
  }
}

suite('docs/compatibility.md', () => {
  test('runtimes', () => {
    const table = new Map(rows('Runtimes').map(([name = '', ...cells]) => [name, cells]))
    assert.equal(table.get('Node')?.[0], manifest.engines.node)
    const { optionalDependencies: runtimes } = json('test/runtimes/package.json')
    const nodes = Object.keys(runtimes).flatMap(name => /^node(\d+)$/.exec(name)?.[1] ?? [])
    assert.equal(table.get('Node')?.[1], [text('.nvmrc').trim(), ...nodes].join(', '))
    assertTested(table.get('Bun')?.[1] ?? '', [runtimes['@oven/bun-linux-x64']])
    assertTested(table.get('Deno')?.[1] ?? '', [runtimes['@deno/linux-x64-glibc']])
    assertTested(table.get('Workers (workerd)')?.[1] ?? '', [
      runtimes['@cloudflare/workerd-linux-64'],
    ])
  })

  test('TypeScript', () => {
    const versions = versionsIn(['test/projects/commonjs/', ''], 'typescript')
    const newest = versionsIn([''], 'typescript7')
    const [stated = ''] = /TypeScript ([\d., and\n]+)\. /.exec(page)?.slice(1) ?? []
    assertTested(stated.replace(/\s*and\s*/, ', '), [...versions, ...newest])
  })

  const example = (name: string) => `examples/${name}/`
  const project = (name: string) => `test/projects/${name}/`
  const frameworks: Record<string, string[]> = {
    Express: versionsIn([''], 'express', 'express4'),
    Fastify: versionsIn([''], 'fastify'),
    Hono: versionsIn([''], 'hono'),
    Koa: versionsIn([''], 'koa'),
    h3: versionsIn([''], 'h3'),
    'h3 v1': versionsIn([''], 'h3v1'),
    Elysia: versionsIn([''], 'elysia'),
    Connect: versionsIn([''], 'connect'),
    'Next.js': versionsIn([example('next')], 'next'),
    'React Router': versionsIn([example('react-router'), ''], 'react-router'),
    SvelteKit: versionsIn([example('sveltekit'), project('sveltekit2')], '@sveltejs/kit'),
    Astro: versionsIn([example('astro'), project('astro5')], 'astro'),
    NestJS: versionsIn([example('nest')], '@nestjs/core'),
  }
  test('frameworks', () => {
    const table = rows('Frameworks')
    assert.deepEqual(
      table.map(([name]) => name),
      Object.keys(frameworks),
    )
    for (const [name = '', entries = '', tested = ''] of table) {
      assertEntries(entries)
      assertTested(tested, frameworks[name] ?? [])
    }
  })

  test('database clients', () => {
    for (const [name = '', entries = '', tested = ''] of rows('Database clients')) {
      assertEntries(entries)
      assertTested(tested, versionsIn([''], name))
    }
  })

  test('optional packages are the peer dependencies', () => {
    const table = rows('Optional packages').map(([name, range]) => [name, range])
    assert.deepEqual(Object.fromEntries(table), manifest.peerDependencies)
    const meta = Object.entries<{ optional: boolean }>(manifest.peerDependenciesMeta)
    for (const [name, { optional }] of meta) assert.ok(optional, name)
  })

  test('every adapter with a framework is listed', () => {
    const stated = new Set(rows('Frameworks').flatMap(([, entries = '']) => entries.split(', ')))
    const listed = [...stated].map(entry => entry.replace('silverback/', ''))
    const table = text('docs/adapters/README.md').matchAll(/`silverback\/([\w-]+)`/g)
    for (const [, name = ''] of table) {
      const isOurs = ['node', 'web'].includes(name) || !exists(`src/adapters/${name}.ts`)
      assert.ok(isOurs || listed.includes(name), name)
    }
  })
})

function assertEntries(cell: string): void {
  for (const entry of cell.split(', ')) {
    assert.ok(`.${entry.replace('silverback', '')}` in manifest.exports, entry)
  }
}
