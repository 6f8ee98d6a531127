import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { CookieStore, ServerStore, type Session } from 'silverback'
import { memory } from 'silverback/memory'
import { Durations } from '../../src/inspector/durations.ts'
import { nodeRequest, nodeResponse } from '../support/http/http.ts'
import { Clock, look, put, visit } from '../support/http/visit.ts'
import { keys } from '../support/keys.ts'
import { type Operator, operate, signIn, withoutRandom } from './panel.ts'

/** The numbers of the tiles, by their names. */
async function tiles(operator: Operator): Promise<Record<string, string>> {
  const html = await operator.page('')
  const found = html.matchAll(/<dt>(\w+)<\/dt><dd><b>([^<]*)<\/b>/g)
  return Object.fromEntries([...found].map(([, name, value]) => [name, value]))
}

suite('the overview', () => {
  test('counts what begins, ends and is rejected', async () => {
    const store = new ServerStore(memory())
    const operator = operate({ stores: { login: store } })
    const ann = await visit(store, signIn('ann'))
    const guest = await visit(store, put({ cart: 1 }))
    await visit(store, look)
    await visit(store, look, ann)
    const elevated = await visit(store, session => session.rotate(), ann)
    await visit(store, look, 'sid=nonsense')
    await visit(store, look, 'sid=nonsense')
    await visit(store, session => session.destroy(), guest)
    await visit(store, session => session.destroy())
    const { Alive, Begun, Ended, Rejected, Conflicts, Errors } = await tiles(operator)
    assert.deepEqual(
      { Begun, Ended, Rejected, Conflicts, Errors },
      { Begun: '2', Ended: '1', Rejected: '2', Conflicts: '0', Errors: '0' },
    )
    // The rotated session counts twice for a while.
    assert.equal(Alive, '2')
    await store.revokeAll('ann')
    assert.equal((await tiles(operator)).Ended, '2')
    assert.match(
      await operator.page(''),
      /<th scope="row">Malformed <code>malformed<\/code><\/th><td class="number">2</,
    )
    assert.ok(elevated)
  })

  test('counts conflicts and failures', async () => {
    const backend = memory()
    const { update } = backend
    const store = new ServerStore(backend)
    const operator = operate({ stores: { login: store } })
    const cookie = await visit(store, signIn('ann'))
    const requests = [nodeRequest(cookie), nodeRequest(cookie)] as const
    const sessions = await Promise.all(requests.map(request => store.get(request, 'sid')))
    for (const [index, session] of sessions.entries()) {
      session.values[`key${index}`] = 1
      await session.save(requests[index] as never, nodeResponse())
    }
    backend.update = () => Promise.reject(new Error('down'))
    await assert.rejects(visit(store, put({ a: 1 }), cookie))
    backend.update = update
    const { Conflicts, Errors } = await tiles(operator)
    assert.deepEqual([Conflicts, Errors], ['1', '1'])
    assert.match(
      await operator.page('?view=timeline&kind=error'),
      /save · session backend: update: down/,
    )
  })

  test('forgets what is older than an hour', async () => {
    const clock = new Clock()
    const store = new ServerStore(memory({ now: clock.now }), { now: clock.now })
    const operator = operate({ stores: { login: store }, nowMs: () => clock.at * 1000 })
    for (let minute = 0; minute < 150; minute++) {
      await visit(store, signIn('ann'))
      clock.at += 60
    }
    assert.equal((await tiles(operator)).Begun, '59')
    const html = await operator.page('')
    assert.equal(html.match(/<tr><th scope="row">\d\d:\d\d<\/th>/g)?.length, 59)
    clock.at += 3600
    assert.equal((await tiles(operator)).Begun, '0')
    assert.match(await operator.page(''), /Nothing has happened in the last hour/)
  })

  test('shows each store', async () => {
    const a = new ServerStore(memory())
    const b = new CookieStore({ keys })
    const operator = operate({ stores: { a, b } })
    await visit(b, signIn('ann'))
    const html = await operator.page('')
    assert.deepEqual(html.match(/<h2 id="store-name-\d">\w+/g), [
      '<h2 id="store-name-0">a',
      '<h2 id="store-name-1">b',
    ])
    assert.equal(html.match(/<svg viewBox="0 0 600 100"/g)?.length, 6)
    assert.match(html, /aria-label="Begun and ended in the last hour: none"/)
  })
})

suite('durations', () => {
  test('are estimated from ranges', () => {
    const durations = new Durations()
    assert.equal(durations.quantile(0.95), undefined)
    for (let ms = 1; ms <= 100; ms++) durations.add(ms)
    durations.add(Number.NaN)
    durations.add(-1)
    const [half, most, all] = [0.5, 0.95, 1].map(part => durations.quantile(part) as number)
    assert.ok(Math.abs((half as number) - 50) < 10, String(half))
    assert.ok(Math.abs((most as number) - 95) < 10, String(most))
    assert.equal(all, 100)
    const slow = new Durations()
    slow.add(1e9)
    slow.add(0)
    assert.equal(slow.quantile(1), 1e9)
    durations.addAll(slow)
    assert.equal(durations.count, 102)
  })
})

suite('the timeline', () => {
  const request = (path: string, cookie?: string, method = 'GET'): ReturnType<typeof nodeRequest> =>
    Object.assign(nodeRequest(cookie), { url: path, method })

  async function use(
    store: ServerStore,
    path: string,
    act: (session: Session) => void,
    cookie?: string,
    method?: string,
  ): Promise<void> {
    const visiting = request(path, cookie, method)
    const session = await store.get(visiting, 'sid')
    act(session)
    await session.save(visiting, nodeResponse())
  }

  test('lists requests with what was decided, and can be filtered', async () => {
    const store = new ServerStore(memory())
    const operator = operate({ stores: { login: store } })
    await use(store, '/sign-in', signIn('ann@example.com'), undefined, 'POST')
    await use(store, '/cart?code=4711#x', look)
    await use(store, '/account', look, 'sid=nonsense')
    await store.revokeAll('bob')
    const entries = async (query: string): Promise<string[]> => {
      const html = await operator.page(`?view=timeline${query}`)
      return [
        ...html.matchAll(/<li class="entry".*?<span class="line">(.*?)<\/span><(?:a|span)/gs),
      ].map(([, line]) => line?.replaceAll(/<[^>]*>/g, '') as string)
    }
    const all = ['outside of a request', 'GET /account', 'GET /cart', 'POST /sign-in']
    assert.deepEqual(await entries(''), all)
    assert.deepEqual(await entries('&request=CART'), ['GET /cart'])
    assert.deepEqual(await entries('&request=post'), ['POST /sign-in'])
    assert.deepEqual(await entries('&request=%233'), ['GET /account'])
    assert.deepEqual(await entries('&owner=ANN'), ['POST /sign-in'])
    assert.deepEqual(await entries('&kind=reject'), ['GET /account'])
    assert.deepEqual(await entries('&kind=change'), ['outside of a request', 'POST /sign-in'])
    assert.deepEqual(await entries('&store=login'), all)
    await operator.page('?view=timeline&store=other', 404)
    assert.deepEqual(await entries('&request=cart&owner=ann'), [])
    const html = await operator.page('?view=timeline')
    assert.match(
      html,
      /rejected<\/span><span class="where">login<\/span><span class="detail">sid · malformed/,
    )
    assert.doesNotMatch(withoutRandom(html), /4711|nonsense/)
  })

  test('shows no query and no token of a path', async () => {
    const store = new ServerStore(memory())
    const operator = operate({ stores: { login: store } })
    const paths: [string, string][] = [
      ['/reset/f3a9c1d27b604e5f8a1b', '/reset/…'],
      ['https://app.example/a/b?token=1', '/a/b'],
      ['/verify/eyJhbGciOiJIUzI1NiJ9.e30.abc123/done', '/verify/…/done'],
      ['/a-rather-long-name-of-a-page', '/a-rather-long-name-of-a-page'],
      ['?x=1', '/'],
      ['*', '*'],
    ]
    for (const [path] of paths) await use(store, path, look)
    const html = await operator.page('?view=timeline')
    const shown = [...html.matchAll(/<span class="path">([^<]*)</g)].map(([, path]) => path)
    assert.deepEqual(
      shown.reverse(),
      paths.map(([, path]) => path),
    )
  })

  test('has a limited size, whatever the requests do', async () => {
    const store = new ServerStore(memory())
    const operator = operate({ stores: { login: store } })
    for (let index = 0; index < 1000; index++)
      await use(store, `/${'x'.repeat(5000)}`, signIn('o'.repeat(5000)))
    const busy = request('/busy')
    for (let index = 0; index < 500; index++) await store.new(busy, 'sid')
    const html = await operator.page('?view=timeline')
    assert.ok(html.length < 300_000, String(html.length))
    assert.equal(html.match(/class="entry"/g)?.length, 100)
    assert.match(html, /200 older requests left out/)
    assert.match(html, /470 more events/)
  })
})
