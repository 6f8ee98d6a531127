import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { ServerStore, type ServerStoreOptions, type Session } from 'silverback'
import { deviceLabel } from 'silverback/devices'
import { memory } from 'silverback/memory'
import { cookieHeader, nodeRequest, nodeResponse } from '../../support/http/http.ts'
import { keys } from '../../support/keys.ts'

const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0'
const edge =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) ' +
  'Chrome/120.0.0.0 Safari/537.36 Edg/120.0.0.0'
const phone =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) ' +
  'Version/17.0 Mobile/15E148 Safari/604.1'

const signIn = (session: Session): void => session.login('ann')

/** Makes a request with this user agent. Resolves to the `Cookie` header. */
async function visit(
  store: ServerStore,
  change: (session: Session) => void,
  userAgent?: string,
  cookie?: string,
): Promise<string> {
  const request = nodeRequest(cookie)
  if (userAgent !== undefined) request.headers['user-agent'] = userAgent
  const response = nodeResponse()
  const session = await store.get(request, 'sid')
  change(session)
  await session.save(request, response)
  return cookieHeader(response)
}

const open = (options: ServerStoreOptions = {}): ServerStore =>
  new ServerStore(memory(), { keys, ...options })

suite('devices', () => {
  test('are not recorded unless the store is asked to', async () => {
    const store = open()
    await visit(store, signIn, firefox)
    const [info] = await store.sessionsOf('ann')
    assert.deepEqual(
      [info?.userAgent, info?.address, info?.label],
      [undefined, undefined, undefined],
    )
  })

  test('are recorded with the user agent, and with the address if the app returns it', async () => {
    const store = open({ devices: true })
    await visit(store, signIn, firefox)
    const [info] = await store.sessionsOf('ann')
    assert.deepEqual([info?.userAgent, info?.address, info?.label], [firefox, undefined, undefined])

    const other = open({ devices: { address: () => '203.0.113.7' } })
    await visit(other, signIn)
    const [known] = await other.sessionsOf('ann')
    assert.deepEqual([known?.userAgent, known?.address], [undefined, '203.0.113.7'])
  })

  test('label sessions to which the app gives no label', async () => {
    const store = open({ devices: { label: deviceLabel } })
    await visit(store, signIn, firefox)
    assert.equal((await store.sessionsOf('ann'))[0]?.label, 'Firefox on Linux')
    await visit(
      store,
      session => {
        session.login('bob')
        session.label = 'laptop'
      },
      firefox,
    )
    assert.equal((await store.sessionsOf('bob'))[0]?.label, 'laptop')
  })

  test('stay those of the last authentication, whoever uses the session afterwards', async () => {
    const store = open({ devices: true })
    const agent = async (): Promise<string | undefined> =>
      (await store.sessionsOf('ann'))[0]?.userAgent
    let cookie = await visit(store, signIn, firefox)
    cookie = await visit(store, session => session.rotate(), edge, cookie)
    assert.equal(await agent(), firefox)
    cookie = await visit(store, session => void session.increment('n'), edge, cookie)
    assert.equal(await agent(), firefox)
    cookie = await visit(store, session => session.elevate(), edge, cookie)
    assert.equal(await agent(), edge)
    await visit(store, signIn, undefined, cookie)
    assert.equal(await agent(), undefined)
  })

  test('are cut, and cleaned of control and formatting characters', async () => {
    const store = open({ devices: { address: () => `\u202e1${'2'.repeat(500)}` } })
    await visit(store, signIn, `a\u0000\u0085b\u001b[31m${'x'.repeat(10_000)}`)
    const [info] = await store.sessionsOf('ann')
    assert.match(info?.userAgent ?? '', /^ab\[31mx{400,510}$/)
    assert.match(info?.address ?? '', /^12{50,63}$/)
  })

  test('do not matter for requests without headers', async () => {
    const store = open({ devices: true })
    const request = { cookies: { get: () => undefined, set: () => undefined } }
    const session = await store.get(request, 'sid')
    session.login('ann')
    await session.save(request, new Headers())
    assert.equal((await store.sessionsOf('ann'))[0]?.userAgent, undefined)
  })

  test('leave sessions of an earlier release readable', async () => {
    const backend = memory()
    const cookie = await visit(new ServerStore(backend, { keys }), signIn, firefox)
    const store = new ServerStore(backend, { keys, devices: { label: deviceLabel } })
    const [info] = await store.sessionsOf('ann')
    assert.deepEqual([info?.userAgent, info?.label], [undefined, undefined])
    assert.equal((await store.get(nodeRequest(cookie), 'sid')).owner, 'ann')
  })

  test('fail the save, and nothing else, if the app fails to return an address', async () => {
    const failing = open({
      devices: {
        address: () => {
          throw new Error('no address')
        },
      },
    })
    await assert.rejects(visit(failing, signIn), /no address/)
    await visit(failing, session => void session.increment('n'))
    const wrong = open({ devices: { address: () => 7 as never } })
    await assert.rejects(
      visit(wrong, signIn),
      /devices\.address must return a string, not a number/,
    )
  })

  for (const [devices, message] of [
    [false, /devices must be true or an object of options, not false/],
    ['yes', /devices takes an object of options/],
    [{ ip: true }, /devices has no option ip; it has address, label/],
    [{ address: true }, /devices\.address must be a function/],
  ] as const) {
    test(`refuse the option ${JSON.stringify(devices)}`, () => {
      assert.throws(() => open({ devices: devices as never }), { name: 'TypeError', message })
    })
  }
})

suite('deviceLabel', () => {
  for (const [userAgent, label] of [
    [firefox, 'Firefox on Linux'],
    [edge, 'Microsoft Edge on Windows'],
    [phone, 'Safari on iOS'],
    ['Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)', 'Googlebot'],
    ['curl/8.1', undefined],
    ['', undefined],
    ['('.repeat(512), undefined],
  ] as const) {
    test(`of ${JSON.stringify(userAgent.slice(0, 60))}`, () =>
      assert.equal(deviceLabel(userAgent), label))
  }
})
