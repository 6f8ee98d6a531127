import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import type { MakeServer } from '../../bench/http/app.ts'
import type { Load } from '../../bench/http/load.ts'
import type { Round } from '../../bench/http/measure.ts'
import { pairs, selectPairs } from '../../bench/http/pairs.ts'
import { ratiosOf, shareOf, throughput } from '../../bench/http/ratios.ts'
import { apps } from '../../bench/http/server.ts'
import { checkSessions, Visitor } from '../../bench/http/visitors.ts'

const load = (requestsPerSecond: number): Load => ({
  requests: 1,
  requestsPerSecond,
  processorTime: 1,
  utilization: 1,
})

const round = (ours: number, peer: number, bare: number): Round => ({
  ours: { read: load(ours), change: load(ours / 2) },
  peer: { read: load(peer), change: load(peer) },
  bare: load(bare),
})

test('ratios are taken within each round', () => {
  const rounds = [round(10, 20, 40), round(300, 100, 400), round(8, 8, 16)]
  assert.deepEqual(ratiosOf({ rounds }, throughput), [
    {
      operation: 'read',
      toPeer: { median: 1, lowest: 0.5, highest: 3 },
      toBare: { median: 0.5, lowest: 0.25, highest: 0.75 },
    },
    {
      operation: 'change',
      toPeer: { median: 0.5, lowest: 0.25, highest: 1.5 },
      toBare: { median: 0.25, lowest: 0.125, highest: 0.375 },
    },
  ])
  assert.deepEqual(shareOf({ rounds: [round(10, 20, 40)] }, 'peer', throughput), {
    median: 0.5,
    lowest: 0.5,
    highest: 0.5,
  })
})

test('a visitor sends the newest value of each cookie', () => {
  const visitor = new Visitor('ann')
  visitor.receive(['sid=a=b; Path=/; HttpOnly', 'sid.sig=1; Path=/'])
  assert.equal(visitor.cookie, 'sid=a=b; sid.sig=1')
  visitor.receive(['sid=c', 'sid.sig=; Max-Age=0'])
  assert.equal(visitor.cookie, 'sid=c')
})

test('pairs are selected by parts of their names', () => {
  assert.equal(selectPairs([]), pairs)
  assert.deepEqual(
    selectPairs(['redis', 'hono']).map(({ name }) => name),
    ['express-redis', 'hono-cookie'],
  )
  assert.throws(() => selectPairs(['koa']), /no pair's name contains "koa"/)
})

test('every pair names apps that exist, and every app is in a pair', () => {
  const named = pairs.flatMap(({ ours, peer, bare }) => [ours.app, peer.app, bare.app])
  assert.deepEqual([...new Set(named)].sort(), [...apps].sort())
})

// The two apps over Redis check themselves when the benchmark starts.
for (const app of apps.filter(name => !name.endsWith('-bare') && !name.includes('redis'))) {
  test(`the sessions of the app ${app} work`, async () => {
    const { default: makeServer } = (await import(`../../bench/http/apps/${app}.ts`)) as {
      default: MakeServer
    }
    const server = await makeServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    try {
      await checkSessions(app, `http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    } finally {
      server.closeAllConnections()
      server.close()
    }
  })
}

test('bench/README.md names the goals that are missed with the figures of the last run', () => {
  const [readme, results] = ['README.md', 'http/RESULTS.md'].map(file =>
    readFileSync(new URL(`../../bench/${file}`, import.meta.url), 'utf8'),
  ) as [string, string]
  const cellsOf = (line: string): string[] => line.split('|').map(cell => cell.trim())
  const [, byProcessor = '', shares = ''] =
    /^## Ratios [^\n]* processor time$(.*?)^## What(.*?)^## /ms.exec(results) ?? []
  const goals = readme.slice(readme.indexOf('### Goals that are missed'))
  const rows = [...goals.matchAll(/^\| .*%.* \|$/gm)].map(([line]) => cellsOf(line))
  assert.equal(rows.length, 7)
  for (const [, pair = '', read, change, share] of rows) {
    // "Express, `CookieStore`" is "Express, CookieStore" in the results.
    const name = pair
      .replaceAll('`', '')
      .replace('(memory())', '(memory)')
      .replace('(redis(client))', '(redis)')
    const rowOf = (table: string): string[] =>
      cellsOf(table.split('\n').find(line => line.startsWith(`| ${name}`)) ?? '')
    const median = (cell = ''): string | undefined => cell.split(' (')[0]
    const [, , readRatio, changeRatio] = rowOf(byProcessor)
    assert.deepEqual([read, change], [median(readRatio), median(changeRatio)], name)
    assert.equal(share, median(rowOf(shares)[4]), name)
  }
})
