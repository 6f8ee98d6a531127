/** The demo over plain HTTP: what all its pages have in common, and what it refuses. */

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { request as send } from 'node:http'
import { suite, test } from 'node:test'
import { newDemo } from '../../src/demo/demo.ts'
import { allScenes } from '../../src/demo/scenes/index.ts'
import { demoForTests, Visitor } from './support.ts'

const { url } = await demoForTests()
const scenes = allScenes(newDemo('unused', () => 0))
const sources = readSources(new URL('../../src/demo/', import.meta.url))

function readSources(folder: URL): string {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.ts'))
    .map(name => readFileSync(new URL(name, folder), 'utf8'))
    .join('\n')
}

suite('pages', () => {
  test('the first page links to every scene', async () => {
    const { status, html } = await new Visitor(url).visit('/')
    assert.equal(status, 200)
    for (const { path } of scenes) assert.ok(html.includes(`href="${path}"`), path)
  })

  for (const { path, title, summary, code } of scenes) {
    test(`${path} shows its title, its summary and its code`, async () => {
      const { status, html, text } = await new Visitor(url).visit(path)
      assert.equal(status, 200)
      assert.ok(html.includes(`<h1>${title}</h1>`))
      for (const sentence of summary) {
        assert.match(sentence, /^[A-Z].*\.$/)
        assert.ok(text.includes(sentence), sentence)
      }
      assert.ok(html.includes('aria-current="page"'))
      assert.ok(code.length > 0)
    })

    test(`the code that ${path} shows is in the sources`, () => {
      const lines = code.split('\n').map(line => line.replace(/(^| )\/\/ .*/, '').trim())
      for (const line of lines.filter(Boolean)) {
        const times = sources.split(line).length - 1
        assert.ok(times > 1, `${line} is only shown`)
      }
    })
  }

  for (const path of ['/', ...scenes.map(scene => scene.path), '/nothing']) {
    test(`${path} has a strict content security policy, and nothing inline`, async () => {
      const response = await fetch(url + path)
      const policy = response.headers.get('content-security-policy') ?? ''
      assert.match(policy, /^default-src 'none'/)
      assert.doesNotMatch(policy, /unsafe|data:|\*/)
      assert.equal(response.headers.get('cache-control'), 'no-store')
      assert.equal(response.headers.get('x-content-type-options'), 'nosniff')
      const html = await response.text()
      assert.doesNotMatch(html, /<style|\sstyle=|\son[a-z]+=|<script(?! type="module" src=)/)
      assert.doesNotMatch(
        html,
        /(src|href)="(https?:)?\/\/(?!127\.0\.0\.1)/,
        'no asset of another site',
      )
    })
  }

  for (const [path, type] of [
    ['/style.css', /^text\/css/],
    ['/client.js', /^text\/javascript/],
    ['/icon.svg', /^image\/svg\+xml$/],
  ] as const) {
    test(`serves ${path}`, async () => {
      const response = await fetch(url + path)
      assert.equal(response.status, 200)
      assert.match(response.headers.get('content-type') ?? '', type)
    })
  }

  test('HEAD does not consume messages', async () => {
    const visitor = new Visitor(url)
    const { origin } = new URL(url)
    const body = new URLSearchParams({ action: 'sign-in', name: 'Ann' })
    await visitor.jar.fetch('/sign-in', {
      method: 'POST',
      body,
      headers: { origin },
      redirect: 'manual',
    })
    const head = await visitor.jar.fetch('/sign-in', { method: 'HEAD' })
    assert.equal(head.status, 200)
    assert.equal(await head.text(), '')
    assert.match((await visitor.visit('/sign-in')).text, /Signed in as Ann\./)
    assert.doesNotMatch((await visitor.visit('/sign-in')).text, /Signed in as Ann\./)
  })
})

suite('refusals', () => {
  for (const path of [
    '/nothing',
    '/__proto__',
    '//',
    '//evil.example/',
    '/sign-in/',
    '/assets/style.css',
    '/%2e%2e/app.ts',
    '/race/live',
  ]) {
    test(`GET ${path} is 404`, async () => {
      assert.equal(await statusOf('GET', path), 404)
    })
  }

  for (const [method, path] of [
    ['PUT', '/sign-in'],
    ['DELETE', '/'],
    ['POST', '/'],
    ['POST', '/style.css'],
    ['OPTIONS', '*'],
  ] as const) {
    test(`${method} ${path} is 405`, async () => {
      assert.equal(await statusOf(method, path), 405)
    })
  }

  for (const { path } of scenes) {
    test(`${path} refuses forms of other origins`, async () => {
      for (const headers of [
        { origin: 'https://evil.example' },
        { origin: 'null' },
        { origin: url, 'sec-fetch-site': 'cross-site' },
        { 'sec-fetch-site': 'same-site' },
        {},
      ] as Record<string, string>[]) {
        const body = new URLSearchParams({ action: 'sign-in' })
        const response = await fetch(url + path, {
          method: 'POST',
          body,
          headers,
          redirect: 'manual',
        })
        assert.equal(response.status, 403)
        assert.match(await response.text(), /cross-origin/)
      }
    })

    for (const action of ['nothing', '__proto__', 'constructor', '']) {
      test(`${path} has no action ${JSON.stringify(action)}`, async () => {
        const { status } = await new Visitor(url).submit(path, { action })
        assert.equal(status, 404)
      })
    }

    test(`${path} works with hostile cookies`, async () => {
      const names = [
        'demo-visitor',
        'demo-login',
        'demo-phone',
        'demo-note',
        'demo-form',
        'demo-wallet',
        'demo-letter',
        'demo-basket-f',
        'demo-basket-m',
      ]
      for (const value of [
        '',
        '../../etc/passwd',
        '%00%ff',
        '"><script>alert(1)</script>',
        'A'.repeat(3000),
      ]) {
        for (const name of names) {
          const response = await fetch(url + path, { headers: { cookie: `${name}=${value}` } })
          assert.equal(response.status, 200, `${name}=${value}`)
          assert.doesNotMatch(await response.text(), /<script>/)
        }
      }
    })
  }

  test('a form of more than 64 KiB is 413', async () => {
    const { status } = await new Visitor(url).submit('/sign-in', { name: 'A'.repeat(70_000) })
    assert.equal(status, 413)
  })
})

/** The status of the response to a request whose target no client normalises. */
function statusOf(method: string, path: string): Promise<number | undefined> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const request = send({ hostname, port, path, method }, response => {
      response.resume()
      resolve(response.statusCode)
    })
    request.on('error', reject).end()
  })
}
