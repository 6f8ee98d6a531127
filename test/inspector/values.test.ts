import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { ServerStore, type Session } from 'silverback'
import type { InspectorEvent, InspectorOptions } from 'silverback/inspector'
import { memory } from 'silverback/memory'
import { read, visit } from '../support/http/visit.ts'
import { type Operator, operate, signIn } from './panel.ts'

interface Opened {
  operator: Operator
  /** The page of the session. */
  page: string
  handle: string
  events: InspectorEvent[]
  show(pointer: string): Promise<{ status: number; html: string; value: string | undefined }>
}

async function open(values: object, options: Partial<InspectorOptions> = {}): Promise<Opened> {
  const store = new ServerStore(memory())
  const cookie = await visit(store, signIn('ann', values))
  const handle = store.handleOf(await read(store, cookie)) as string
  const events: InspectorEvent[] = []
  const onAction = (event: InspectorEvent): void => void events.push(event)
  const operator = operate({ stores: { login: store }, onAction, ...options })
  const page = await operator.page(`?view=session&handle=${handle}`)
  return {
    operator,
    page,
    handle,
    events,
    async show(pointer) {
      const response = await operator.submit(page, 'show-value', { pointer })
      const html = await response.text()
      const [, value] = /<pre[^>]*>(.*?)<\/pre>/s.exec(html) ?? []
      return { status: response.status, html, value }
    },
  }
}

/** Text that occurs nowhere else. */
const marked = (name: string): string => `MARKED-${name}`

suite('values in the inspector', () => {
  test('are on no page until one is asked for, and then only that one', async () => {
    const values = { name: marked('name'), cart: [{ sku: marked('sku') }], at: marked('at') }
    const { operator, handle, events, show } = await open(values)
    const target = `handle=${handle}`
    for (const query of [
      '',
      '?view=sessions',
      '?view=sessions&owner=ann',
      `?view=session&${target}`,
      `?view=confirm&action=revoke&${target}`,
      '?view=timeline',
      '?view=explain',
    ]) {
      assert.doesNotMatch(await operator.page(query), /MARKED/)
    }
    assert.deepEqual(events, [])

    const { html, value } = await show('/cart/0/sku')
    assert.equal(value, marked('sku'))
    assert.deepEqual(html.match(/MARKED-\w+/g), [marked('sku')])
    assert.deepEqual(events, [
      {
        type: 'inspector',
        action: 'show-value',
        store: 'login',
        owner: 'ann',
        handle,
        path: ['cart', '0', 'sku'],
      },
    ])
  })

  test('are shown whatever their type', async () => {
    const circle: Record<string, unknown> = { name: 'circle' }
    circle.self = circle
    const { page, show } = await open({
      text: '<b>&',
      none: '',
      number: -0.5,
      big: 2n ** 70n,
      yes: true,
      nothing: null,
      missing: undefined,
      date: new Date(0),
      bytes: Uint8Array.of(0, 255),
      map: new Map<unknown, unknown>([
        ['a/b~c', 1],
        [1, 2],
        ['1', 3],
      ]),
      set: new Set(['x']),
      circle,
      lone: '\ud800',
    })
    const shown: [string, string][] = [
      ['/text', '&lt;b&gt;&amp;'],
      ['/none', '<span class="muted">empty</span>'],
      ['/number', '-0.5'],
      ['/big', '1180591620717411303424n'],
      ['/yes', 'true'],
      ['/nothing', 'null'],
      ['/missing', 'undefined'],
      ['/date', '1970-01-01T00:00:00.000Z'],
      ['/bytes', '00 ff'],
      ['/map/a~1b~0c', '1'],
      ['/map/(number) 1', '2'],
      ['/map/1', '3'],
      ['/set/0', 'x'],
      ['/circle/name', 'circle'],
    ]
    for (const [pointer, expected] of shown)
      assert.equal((await show(pointer)).value, expected, pointer)
    for (const pointer of [
      '',
      '/',
      '/map',
      '/nope',
      '/text/0',
      '/__proto__',
      '/constructor/name',
      '/circle/self/name',
      'text',
      '/a'.repeat(9999),
    ]) {
      assert.equal((await show(pointer)).status, 404, pointer.slice(0, 40))
    }
    assert.match(page, /Map, 3 keys/)
    assert.match(page, /Uint8Array, 2 bytes/)
    assert.match(page, /bigint/)
  })

  test('are hidden if their names suggest secrets', async () => {
    const secret = marked('secret')
    const names = [
      'password',
      'userPassword',
      'access_token',
      'refreshToken',
      'apiKey',
      'signing-key',
      'keys',
      'key',
      'Authorization',
      'csrf',
      '_csrf',
      'cookie',
      'Set-Cookie',
      'clientSecret',
      'SESSION_KEY',
      'otp',
      'credentials',
      'jwt',
      '_input',
    ]
    const plain = ['monkey', 'keyboard', 'name', 'passenger', 'design', 'author']
    const all = Object.fromEntries([...names, ...plain].map(name => [name, secret]))
    const { page, show } = await open({ ...all, nested: [{ password: { deep: [secret] } }] })
    for (const name of names) {
      const { status, html } = await show(`/${name}`)
      assert.equal(status, 404, name)
      assert.doesNotMatch(html, /MARKED/)
    }
    assert.equal((await show('/nested/0/password/deep/0')).status, 404)
    for (const name of plain) assert.equal((await show(`/${name}`)).value, secret, name)
    assert.equal(page.match(/class="lock"/g)?.length, names.length + 1)
    assert.doesNotMatch(page, />deep</)
  })

  test('are hidden if they look like tokens or keys', async () => {
    const { show } = await open({
      a: 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl',
      b: '-----BEGIN PRIVATE KEY-----\nMIIE',
      c: 'eyes',
    })
    assert.deepEqual([(await show('/a')).status, (await show('/b')).status], [404, 404])
    assert.equal((await show('/c')).value, 'eyes')
  })

  test('are hidden and shown as the app says', async () => {
    const seen: unknown[] = []
    const { show } = await open(
      { salary: 1, publicKey: 'a', user: { id: 7 }, broken: 1, later: 1 },
      {
        redact(path, value) {
          seen.push([path.join('.'), value])
          if (path[0] === 'salary') return true
          if (path[0] === 'publicKey') return false
          if (path[0] === 'broken') throw new Error('cannot decide')
          return path[0] === 'later' ? (Promise.resolve(false) as never) : undefined
        },
      },
    )
    assert.equal((await show('/salary')).status, 404)
    assert.equal((await show('/publicKey')).value, 'a')
    assert.equal((await show('/user/id')).value, '7')
    // If in doubt, hidden.
    assert.equal((await show('/broken')).status, 404)
    assert.equal((await show('/later')).status, 404)
    assert.ok(seen.some(each => JSON.stringify(each) === '["user.id",7]'))
  })

  test('are hidden also if another value has the same path', async () => {
    const map = new Map([
      [{ first: 1 }, marked('first')],
      [{ second: 1 }, 'second'],
    ])
    const redact = (_: readonly string[], value: unknown): boolean | undefined =>
      value === marked('first') ? true : undefined
    const { show } = await open({ map }, { redact })
    const { status, html } = await show('/map/(object)')
    assert.equal(status, 404)
    assert.doesNotMatch(html, /MARKED/)
  })

  test('need the session and the token of its page', async () => {
    const { operator, page, show } = await open({ name: marked('name') })
    const forms: Record<string, string>[] = [
      { token: 'x' },
      { handle: 'x' },
      { handle: 'A'.repeat(43) },
    ]
    for (const fields of forms) {
      const response = await operator.submit(page, 'show-value', { pointer: '/name', ...fields })
      assert.equal(response.status, 403)
      assert.doesNotMatch(await response.text(), /MARKED/)
    }
    assert.equal((await show('/name')).status, 200)
  })

  test('make a tree of a limited size', async () => {
    const deep = (levels: number): object => (levels === 0 ? { end: 1 } : { in: deep(levels - 1) })
    const { page, show } = await open({
      list: Array.from({ length: 4000 }, (_, index) => index),
      deep: deep(40),
      ['k'.repeat(5000)]: 1,
    })
    assert.ok(page.length < 200_000, String(page.length))
    assert.match(page, /… 3,5\d\d more/)
    assert.equal((await show('/list/9')).value, '9')
    assert.equal((await show('/list/3999')).status, 404)
    const { value = '', html } = await (await open({ long: 'x'.repeat(20_000) })).show('/long')
    assert.equal(value.length, 4001)
    assert.match(html, /The rest is not shown/)
  })

  test('can be missing or unreadable', async () => {
    assert.match((await open({})).page, /This session has no values/)
    const backend = memory()
    const serializer = {
      serialize: () => Uint8Array.of(1),
      deserialize: (): never => {
        throw new Error('no')
      },
    }
    const store = new ServerStore(backend, { serializer })
    await visit(store, (session: Session) => session.login('ann'))
    const [info] = await store.sessionsOf('ann')
    const operator = operate({ stores: { login: store } })
    assert.match(await operator.page(`?view=session&handle=${info?.handle}`), /They cannot be read/)
  })
})
