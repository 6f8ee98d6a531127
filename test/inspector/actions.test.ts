import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { suite, test } from 'node:test'
import { CookieStore, ServerStore } from 'silverback'
import type { InspectorEvent } from 'silverback/inspector'
import { memory } from 'silverback/memory'
import { read, visit } from '../support/http/visit.ts'
import { keys } from '../support/keys.ts'
import { formOf, type Operator, operate, signIn } from './panel.ts'

interface Opened {
  store: ServerStore
  operator: Operator
  events: InspectorEvent[]
  handles: string[]
  cookies: string[]
}

/** Three sessions of ann and one of bob. */
async function open(): Promise<Opened> {
  const store = new ServerStore(memory(), { keys })
  const cookies = []
  for (const owner of ['ann', 'ann', 'ann', 'bob']) cookies.push(await visit(store, signIn(owner)))
  const events: InspectorEvent[] = []
  const operator = operate({ stores: { login: store }, onAction: event => void events.push(event) })
  const handles = []
  for (const cookie of cookies) handles.push(store.handleOf(await read(store, cookie)) as string)
  return { store, operator, events, handles, cookies }
}

const confirm = (action: string, target: Record<string, string>): string =>
  `?${new URLSearchParams({ view: 'confirm', action, store: 'login', ...target })}`

const owners = async (store: ServerStore): Promise<number[]> => [
  (await store.sessionsOf('ann')).length,
  (await store.sessionsOf('bob')).length,
]

suite('actions of the inspector', () => {
  test('end one session, the others of its owner, all of an owner, or all', async () => {
    const { store, operator, events, handles } = await open()
    const [first, second, , bob] = handles as [string, string, string, string]

    const asked = await operator.page(confirm('revoke', { handle: first }))
    assert.match(asked, /Revoke this session\?/)
    assert.deepEqual(await owners(store), [3, 1])
    const done = await operator.submit(asked, 'revoke')
    assert.equal(done.status, 303)
    assert.deepEqual(await owners(store), [2, 1])
    const location = done.headers.get('location') as string
    assert.match(await operator.page(location), /Revoked 1 session\./)

    await operator.submit(
      await operator.page(confirm('revoke-others', { handle: second })),
      'revoke-others',
    )
    assert.deepEqual(await store.sessionsOf('ann').then(found => found.map(each => each.handle)), [
      second,
    ])
    await operator.submit(
      await operator.page(confirm('revoke-owner', { owner: 'ann' })),
      'revoke-owner',
    )
    assert.deepEqual(await owners(store), [0, 1])

    const everything = await operator.page(confirm('revoke-everything', {}))
    const unsure = await operator.submit(everything, 'revoke-everything', { confirm: 'logn' })
    assert.equal(unsure.status, 422)
    assert.deepEqual(await owners(store), [0, 1])
    await operator.submit(everything, 'revoke-everything', { confirm: 'login' })
    assert.deepEqual(await owners(store), [0, 0])

    const common = { type: 'inspector', store: 'login' }
    assert.deepEqual(events, [
      { ...common, action: 'revoke', owner: 'ann', handle: first, count: 1 },
      { ...common, action: 'revoke-others', owner: 'ann', handle: second, count: 1 },
      { ...common, action: 'revoke-owner', owner: 'ann', handle: undefined, count: 1 },
      {
        ...common,
        action: 'revoke-everything',
        owner: undefined,
        handle: undefined,
        count: undefined,
      },
    ])
    assert.match(await operator.page(confirm('revoke', { handle: bob }), 404), /No such session/)
  })

  test('are published on a diagnostics channel, and a listener that throws is reported', async () => {
    const { store, handles } = await open()
    const failure = new Error('the log is full')
    const reported: unknown[] = []
    const operator = operate({
      stores: { login: store },
      onAction: () => Promise.reject(failure),
      onError: error => void reported.push(error),
    })
    const published: unknown[] = []
    const listen = (event: unknown): void => void published.push(event)
    subscribe('silverback:inspector', listen)
    try {
      const asked = await operator.page(confirm('revoke', { handle: handles[0] as string }))
      assert.equal((await operator.submit(asked, 'revoke')).status, 303)
    } finally {
      unsubscribe('silverback:inspector', listen)
    }
    assert.equal((published[0] as InspectorEvent).action, 'revoke')
    assert.deepEqual(reported, [failure])
  })

  test('need the token of this form, of this visitor', async () => {
    const { store, operator, events, handles } = await open()
    const [first, second] = handles as [string, string]
    const other = operate({ stores: { login: store } })
    const form = formOf(await operator.page(confirm('revoke', { handle: first })), 'revoke')
    const foreign = formOf(await other.page(confirm('revoke', { handle: first })), 'revoke')
    const ofOwner = formOf(
      await operator.page(confirm('revoke-owner', { owner: 'bob' })),
      'revoke-owner',
    )
    const forged: Record<string, string>[] = [
      { ...form, token: '' },
      { ...form, token: 'A'.repeat(86) },
      { ...form, token: foreign.token as string },
      { ...form, token: ofOwner.token as string },
      { ...form, handle: second },
      { ...form, action: 'revoke-others' },
      { ...ofOwner, owner: 'ann' },
      { ...form, action: 'show-value', pointer: '/cart' },
    ]
    for (const fields of forged) {
      assert.equal((await operator.post(fields)).status, 403, JSON.stringify(fields))
    }
    // A visitor without the cookie that the token proves.
    const cookie = 'silverback-inspector='
    const refused = await operator.post(form, { cookie })
    assert.deepEqual([refused.status, refused.headers.getSetCookie()], [403, []])
    assert.deepEqual(await owners(store), [3, 1])
    assert.deepEqual(events, [])
    assert.equal((await operator.post(form)).status, 303)
  })

  test('are refused to pages of other origins, even with the token', async () => {
    const { store, operator, handles } = await open()
    const form = formOf(
      await operator.page(confirm('revoke', { handle: handles[0] as string })),
      'revoke',
    )
    const senders: Record<string, string>[] = [
      { origin: 'https://attacker.example', 'sec-fetch-site': 'cross-site' },
      { origin: 'https://evil.app.example', 'sec-fetch-site': 'same-site' },
      { origin: 'null', 'sec-fetch-site': 'cross-site' },
      { origin: 'https://app.example', 'sec-fetch-site': 'cross-site' },
    ]
    for (const headers of senders) assert.equal((await operator.post(form, headers)).status, 403)
    for (const origin of [
      'http://app.example',
      'https://app.example.attacker.example',
      undefined,
    ]) {
      const headers = new Headers(origin === undefined ? {} : { origin })
      const body = new URLSearchParams(form)
      assert.equal((await operator.send('', { method: 'POST', headers, body })).status, 403)
    }
    assert.deepEqual(await owners(store), [3, 1])
  })

  test('happen in POST requests with a form only', async () => {
    const { store, operator, handles } = await open()
    const form = formOf(
      await operator.page(confirm('revoke', { handle: handles[0] as string })),
      'revoke',
    )
    const query = `?${new URLSearchParams(form)}`
    assert.equal((await operator.send(query)).status, 200)
    for (const method of ['PUT', 'DELETE', 'OPTIONS']) {
      const response = await operator.send(query, { method })
      assert.deepEqual([response.status, response.headers.get('allow')], [405, 'GET, HEAD, POST'])
    }
    for (const type of [
      'text/plain',
      'application/json',
      'multipart/form-data; boundary=x',
      undefined,
    ]) {
      const response = await operator.send('', {
        method: 'POST',
        headers: { 'sec-fetch-site': 'same-origin', ...(type && { 'content-type': type }) },
        body: new TextEncoder().encode(String(new URLSearchParams(form))),
      })
      assert.equal(response.status, 415)
    }
    assert.deepEqual(await owners(store), [3, 1])
  })

  test('do not read a form of any size', async () => {
    const { operator } = await open()
    let sent = 0
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 10_000
        controller.enqueue(new Uint8Array(10_000))
      },
    })
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      'sec-fetch-site': 'same-origin',
    }
    const response = await operator.send('', {
      method: 'POST',
      headers,
      body,
      duplex: 'half',
    } as RequestInit)
    assert.equal(response.status, 413)
    assert.ok(sent < 200_000, String(sent))
  })

  test('are confirmed by a message that no link can forge', async () => {
    const { operator } = await open()
    for (const done of [
      'revoke.1.',
      'revoke.1',
      `revoke.1.${'A'.repeat(86)}`,
      '<b>',
      'revoke-everything..',
    ]) {
      const html = await operator.page(`?view=sessions&done=${encodeURIComponent(done)}`)
      assert.doesNotMatch(html, /class="notice"/)
    }
  })

  test('are offered only where the store can do them', async () => {
    const plain = new CookieStore({ keys })
    const revocable = new CookieStore({ keys, revocation: memory({ whenFull: 'throw' }) })
    const events: InspectorEvent[] = []
    const operator = operate({
      stores: { plain, revocable },
      onAction: event => void events.push(event),
    })
    const list = await operator.page('?view=sessions&store=plain')
    assert.match(list, /This store does not list its sessions/)
    assert.doesNotMatch(list, /revoke/i)
    for (const action of ['revoke', 'revoke-others', 'revoke-owner', 'revoke-everything']) {
      const target = 'handle=x&owner=ann'
      await operator.page(`?view=confirm&action=${action}&store=plain&${target}`, 404)
      assert.equal(
        (await operator.post({ action, store: 'plain', handle: 'x', owner: 'ann' })).status,
        404,
      )
    }
    const cookie = await visit(revocable, signIn('ann'))
    const asked = await operator.page('?view=confirm&action=revoke-owner&store=revocable&owner=ann')
    const done = await operator.submit(asked, 'revoke-owner')
    const landing = await operator.page(done.headers.get('location') as string)
    assert.match(landing, /The sessions were revoked\./)
    assert.equal((await read(revocable, cookie)).reason, 'revoked')
    assert.deepEqual(
      events.map(({ action, count }) => [action, count]),
      [['revoke-owner', undefined]],
    )
  })

  test('name the owner of the session, not the one of the URL', async () => {
    const { store, operator, handles } = await open()
    const asked = await operator.page(
      confirm('revoke-others', { handle: handles[3] as string, owner: 'ann' }),
    )
    assert.equal(formOf(asked, 'revoke-others').owner, 'bob')
    await operator.submit(asked, 'revoke-others')
    assert.deepEqual(await owners(store), [3, 1])
  })
})
