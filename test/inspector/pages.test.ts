import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { CookieStore, ServerStore } from 'silverback'
import { memory } from 'silverback/memory'
import { nodeRequest, nodeResponse } from '../support/http/http.ts'
import { look, visit } from '../support/http/visit.ts'
import { keys } from '../support/keys.ts'
import { operate, signIn } from './panel.ts'

const attack = `"><script>alert(1)</script><img src=x onerror='alert(2)'>&amp;`

/** Every page of the inspector. */
const views = (handle: string): string[] => [
  '',
  '?view=sessions',
  `?view=sessions&owner=${encodeURIComponent(attack)}`,
  `?view=session&handle=${handle}`,
  `?view=confirm&action=revoke&handle=${handle}`,
  `?view=confirm&action=revoke-others&handle=${handle}`,
  `?view=confirm&action=revoke-owner&owner=${encodeURIComponent(attack)}`,
  '?view=confirm&action=revoke-everything',
  '?view=timeline',
  `?view=timeline&request=${encodeURIComponent(attack)}&owner=${encodeURIComponent(attack)}&kind=reject`,
  '?view=explain',
]

/** A page that runs nothing but the script of the inspector. */
function assertHarmless(html: string): void {
  assert.doesNotMatch(html, /<script>|<img|alert\(1\)<\/script>/)
  assert.equal(html.match(/<script/g)?.length, 1)
  const tags = html.replaceAll(/"[^"]*"/g, '""')
  assert.doesNotMatch(tags, /<[^>]*\s(?:on\w+|style|srcdoc)\s*=/i)
  assert.doesNotMatch(html, /javascript:/i)
}

suite('pages of the inspector', () => {
  test('run no script that is stored in a value, a key, an owner, a label, a user agent or a path', async () => {
    const store = new ServerStore(memory(), { keys, devices: { address: () => attack } })
    const label = `${attack}" store`
    const operator = operate({ stores: { [label]: store } })
    const request = Object.assign(nodeRequest(), { url: `/${attack}`, method: attack })
    request.headers['user-agent'] = attack
    const session = await store.get(request, 'sid')
    session.login(attack)
    session.label = attack
    session.values = { [attack]: attack, nested: { [attack]: [attack] } }
    await session.save(request, nodeResponse())
    const handle = store.handleOf(session) as string
    for (const view of views(handle)) assertHarmless(await operator.page(view))

    const page = await operator.page(`?view=session&handle=${handle}`)
    const pointer = `/${attack.replaceAll('~', '~0').replaceAll('/', '~1')}`
    const shown = await operator.submit(page, 'show-value', { pointer })
    assert.equal(shown.status, 200)
    const html = await shown.text()
    assertHarmless(html)
    assert.match(html, /<pre tabindex="0"[^>]*>&quot;&gt;&lt;script&gt;alert\(1\)/)

    for (const fields of [{ name: attack }, { name: 'sid', cookie: attack }]) {
      const explained = await operator.submit(
        await operator.page('?view=explain'),
        'explain',
        fields,
      )
      assert.equal(explained.status, 422)
      assertHarmless(await explained.text())
    }
  })

  test('allow nothing but their own style and script, and are not kept anywhere', async () => {
    const store = new ServerStore(memory())
    await visit(store, signIn('ann'))
    const operator = operate({ stores: { login: store } })
    const nonces = new Set<string>()
    for (const view of ['', '?view=sessions', '?view=nothing', '?view=session&handle=x']) {
      const response = await operator.send(view)
      const html = await response.text()
      const policy = response.headers.get('content-security-policy') as string
      const [, nonce = ''] = /script-src 'nonce-([\w-]{43})'(?:;|$)/.exec(policy) ?? []
      nonces.add(nonce)
      assert.equal(
        policy,
        `default-src 'none'; style-src 'nonce-${nonce}'; script-src 'nonce-${nonce}'; img-src 'self'; ` +
          "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
      )
      assert.equal(html.split(`nonce="${nonce}"`).length, 3)
      assert.doesNotMatch(html, /(?:href|src|action)="(?![?#])/)
      assert.equal(response.headers.get('cache-control'), 'no-store')
      assert.equal(response.headers.get('x-content-type-options'), 'nosniff')
      assert.equal(response.headers.get('x-frame-options'), 'DENY')
      assert.equal(response.headers.get('content-type'), 'text/html; charset=utf-8')
    }
    assert.equal(nonces.size, 4)
  })

  test('set a cookie that other sites and scripts cannot use', async () => {
    const stores = { login: new ServerStore(memory()) }
    const line = async (url: string): Promise<string> => {
      const { panel } = operate({ stores })
      return (await panel.fetch(new Request(url))).headers.getSetCookie().join()
    }
    assert.match(
      await line('https://app.example/x'),
      /^__Host-silverback-inspector=[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    )
    assert.match(
      await line('http://localhost/x'),
      /^silverback-inspector=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/,
    )
    const operator = operate({ stores })
    await operator.page('')
    const { cookie } = operator
    assert.deepEqual((await operator.send('?view=timeline')).headers.getSetCookie(), [])
    assert.equal(operator.cookie, cookie)
  })

  test('have a style, a script and an icon that may be cached by their hashes', async () => {
    const operator = operate({ stores: { login: new ServerStore(memory()) } })
    const html = await operator.page('')
    const urls = [...html.matchAll(/"(\?asset=[^"]+)"/g)].map(
      ([, url]) => url?.replaceAll('&amp;', '&') as string,
    )
    assert.equal(urls.length, 3)
    for (const url of urls) {
      const asset = await operator.send(url)
      assert.equal(asset.status, 200)
      assert.equal(asset.headers.get('cache-control'), 'private, max-age=31536000, immutable')
      assert.match(
        asset.headers.get('content-type') as string,
        /^(?:text\/css|text\/javascript|image\/svg\+xml)/,
      )
      assert.equal(asset.headers.get('x-content-type-options'), 'nosniff')
      // A page of another release asks for another hash.
      const other = await operator.send(url.replace(/hash=.*/, 'hash=other'))
      assert.deepEqual([other.status, other.headers.get('cache-control')], [200, 'no-store'])
    }
    for (const name of ['__proto__', 'constructor', '../style.css', '']) {
      assert.equal((await operator.send(`?asset=${name}`)).status, 404)
    }
  })

  test('respond to hostile queries', async () => {
    const operator = operate({ stores: { login: new ServerStore(memory()) } })
    const queries: [string, number][] = [
      ['?view=__proto__', 404],
      ['?view=constructor', 404],
      ['?store=nothing', 404],
      ['?store=__proto__', 404],
      ['?view=sessions&page=-1', 200],
      ['?view=sessions&page=1e9', 200],
      ['?view=sessions&page=NaN', 200],
      [`?view=sessions&owner=${'x'.repeat(100_000)}`, 200],
      ['?view=sessions&owner=%00%0d%0aSet-Cookie:x', 200],
      ['?view=sessions&owner=%ff%fe', 200],
      // A pair of surrogates where the owner is cut.
      [`?view=sessions&owner=${'x'.repeat(999)}%F0%9F%98%80`, 200],
      [`?view=session&handle=${'../'.repeat(1000)}`, 404],
      ['?view=confirm&action=revoke', 404],
      ['?view=confirm&action=toString&handle=x', 404],
      [`?view=timeline&request=${encodeURIComponent('(a+)+$')}`, 200],
      ['?%', 200],
    ]
    for (const [query, status] of queries) {
      const response = await operator.send(query)
      assert.equal(response.status, status, query.slice(0, 50))
      assert.equal(response.headers.get('x-injected'), null)
    }
    const head = await operator.send('?view=sessions', { method: 'HEAD' })
    assert.deepEqual([head.status, await head.text()], [200, ''])
  })

  test('show no details of a backend that fails', async () => {
    const failure = new Error('connect ECONNREFUSED db.internal password=hunter2')
    const backend = Object.assign(memory(), {
      ofOwner: () => Promise.reject(failure),
      all: () => ({ [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(failure) }) }),
    })
    const reported: unknown[] = []
    const operator = operate({
      stores: { login: new ServerStore(backend as never) },
      onError: error => void reported.push(error),
    })
    for (const query of ['?view=sessions', '?view=sessions&owner=ann']) {
      const html = await operator.page(query, 500)
      assert.match(html, /Something failed/)
      assert.doesNotMatch(html, /hunter2|ECONNREFUSED|db\.internal/)
    }
    assert.equal(reported.length, 2)
    // What has been seen is shown all the same.
    assert.match(await operator.page(''), /not counted in time/)
  })

  test('list the sessions of a definition only', async () => {
    const { defineSession } = await import('silverback')
    const store = new ServerStore(memory())
    await visit(store, signIn('ann'))
    const request = nodeRequest()
    const other = await store.get(request, 'other')
    other.login('bob')
    await other.save(request, nodeResponse())
    const operator = operate({ stores: { login: defineSession(store, 'other') } })
    const list = await operator.page('?view=sessions')
    assert.match(list, />bob</)
    assert.doesNotMatch(list, />ann</)
    const [ann] = await store.sessionsOf('ann')
    await operator.page(`?view=session&handle=${ann?.handle}`, 404)
    await operator.page(`?view=confirm&action=revoke&handle=${ann?.handle}`, 404)
    await visit(store, look)
    assert.doesNotMatch(await operator.page('?view=timeline'), /class="entry"/)
  })

  test('say why a store lists nothing', async () => {
    const keyed = Object.assign(memory(), { all: undefined, ofOwner: undefined })
    const operator = operate({
      stores: { cookies: new CookieStore({ keys }), keyed: new ServerStore(keyed as never) },
    })
    assert.match(
      await operator.page('?view=sessions&store=cookies'),
      /A CookieStore cannot enumerate them/,
    )
    assert.match(
      await operator.page('?view=sessions&store=keyed'),
      /This backend cannot list its sessions/,
    )
    const overview = await operator.page('')
    assert.match(overview, /kept by the browsers/)
    assert.match(overview, /the backend cannot list/)
  })
})
