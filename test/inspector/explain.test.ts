import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { CookieStore, FilesystemStore, ServerStore, type Store } from 'silverback'
import type { InspectorEvent } from 'silverback/inspector'
import { memory } from 'silverback/memory'
import { Clock, visit } from '../support/http/visit.ts'
import { keys } from '../support/keys.ts'
import { operate, signIn } from './panel.ts'

/** The result for a cookie that was pasted: the text of its card. */
async function explain(
  store: Store,
  cookie: string,
  { name = 'sid', nowMs = Date.now }: { name?: string; nowMs?: () => number } = {},
): Promise<{ status: number; html: string; result: string }> {
  const operator = operate({ stores: { login: store as ServerStore }, nowMs })
  const page = await operator.page('?view=explain')
  const response = await operator.submit(page, 'explain', { name, cookie })
  const html = await response.text()
  const [result = ''] = /<section class="card result.*?<\/section>/s.exec(html) ?? []
  return { status: response.status, html, result }
}

suite('a cookie that is explained', () => {
  test('is found in a value, a pair, a Cookie header, or a Set-Cookie line', async () => {
    const store = new ServerStore(memory(), { keys })
    const cookie = await visit(store, signIn('ann'))
    const value = cookie.slice('sid='.length)
    for (const pasted of [
      value,
      `  ${value}\n`,
      cookie,
      `Cookie: theme=dark; ${cookie}; last=1`,
      `set-cookie: ${cookie}; Path=/; HttpOnly`,
      `other=${value}; ${cookie}`,
    ]) {
      assert.match(
        (await explain(store, pasted)).result,
        /A session that is alive/,
        pasted.slice(0, 20),
      )
    }
    for (const pasted of ['', '   ', 'other=1', 'other=1; b=2', `sid ${value}`]) {
      const { status, html, result } = await explain(store, pasted)
      assert.deepEqual([status, result], [422, ''])
      assert.match(html, /There is no cookie called “sid” in what you pasted/)
    }
    for (const name of ['', 'a b', 'a;b', 'ä', 'x'.repeat(300)]) {
      const { status, html } = await explain(store, cookie, { name })
      assert.equal(status, 422)
      assert.match(html, /A cookie cannot have this name/)
    }
  })

  test('is never shown again, nor its keys and values, nor in a URL or an event', async () => {
    const store = new ServerStore(memory(), { keys })
    const events: InspectorEvent[] = []
    const operator = operate({
      stores: { login: store },
      onAction: event => void events.push(event),
    })
    const cookie = await visit(store, signIn('ann', { name: 'MARKED' }))
    const page = await operator.page('?view=explain')
    assert.match(page, /<form method="post" action="\?view=explain"/)
    const changed = cookie.slice(0, -3) + (cookie.endsWith('AAA') ? 'BBB' : 'AAA')
    for (const pasted of [cookie, changed, 'sid=unknown']) {
      const html = await (
        await operator.submit(page, 'explain', { name: 'sid', cookie: pasted })
      ).text()
      const value = pasted.slice('sid='.length)
      assert.ok(!html.includes(value))
      assert.ok(!JSON.stringify(events).includes(value))
      assert.doesNotMatch(html, /MARKED/)
      for (const key of keys) assert.ok(!html.includes(key.toString('base64')))
    }
    assert.deepEqual(
      events.map(({ action, owner }) => [action, owner]),
      [
        ['explain', 'ann'],
        ['explain', undefined],
        ['explain', undefined],
      ],
    )
    assert.match(await operator.page('?view=timeline&kind=reject'), /No request matches/)
    assert.match(await operator.page(''), /<dt>Rejected<\/dt><dd><b>0<\/b>/)
  })

  test('has a reason, an age and an expiry', async t => {
    const clock = new Clock()
    const { now } = clock
    const nowMs = (): number => clock.at * 1000
    const folder = mkdtempSync(join(tmpdir(), 'explained-'))
    t.after(() => rmSync(folder, { recursive: true }))
    const stores: Store[] = [
      new CookieStore({ keys, now }),
      new ServerStore(memory({ now }), { keys, now }),
      new FilesystemStore(folder, { keys, now }),
    ]
    for (const store of stores) {
      clock.at = 1_800_000_000
      const cookie = await visit(store, signIn('ann'))
      clock.at += 7200
      const alive = await explain(store, cookie, { nowMs })
      assert.match(alive.result, /Begun<\/dt><dd><time[^>]*>2 hours ago/)
      assert.match(alive.result, /Expires<\/dt><dd><time[^>]*>in 22 hours/)
      assert.match(alive.result, /Owner<\/dt><dd>ann</)
      clock.at += 86_400
      const { result } = await explain(store, cookie, { nowMs })
      assert.match(result, /<code>(?:expired|unknown-id)<\/code>/)
      assert.match(result, /Not stored|Expired/)
    }
  })

  test('is refused for the reason that the store has', async () => {
    const [key] = keys
    const store = new CookieStore({ keys: [key] })
    const cookie = await visit(store, signIn('ann'))
    const other = new CookieStore({ keys: [randomBytes(32)] })
    const renamed = await explain(store, cookie.slice('sid='.length), { name: 'other' })
    const reasons: [string, { result: string }][] = [
      ['unknown-key', await explain(other, cookie)],
      ['malformed', await explain(store, 'sid=hello')],
      ['bad-mac', renamed],
    ]
    for (const [reason, { result }] of reasons) {
      assert.ok(result.includes(`<code>${reason}</code>`), `${reason}: ${result}`)
    }
    assert.match(renamed.result, /Refused<\/dt><dd><code>mac-invalid<\/code>/)
  })

  test('leads to its session, where the store can show it', async () => {
    const store = new ServerStore(memory(), { keys })
    const { result } = await explain(store, await visit(store, signIn('ann')))
    const [info] = await store.sessionsOf('ann')
    assert.ok(result.includes(`?view=session&amp;store=login&amp;handle=${info?.handle}`))
  })

  test('is read from several cookies of one session, and from a header', async () => {
    const chunked = new CookieStore({ keys, tooLarge: 'chunk' })
    const cookie = await visit(chunked, signIn('ann', { big: 'x'.repeat(6000) }))
    assert.match((await explain(chunked, `Cookie: ${cookie}`)).result, /A session that is alive/)
    const headers = new ServerStore(memory(), { keys, transport: 'header' })
    const response = new Headers()
    const request = new Request('https://app.example/')
    const session = await headers.get(request, 'sid')
    session.login('ann')
    await session.save(request, { headers: response } as Response)
    assert.match(
      (await explain(headers, response.get('x-session') as string)).result,
      /session that is alive/,
    )
  })
})
