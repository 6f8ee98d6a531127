import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import {
  CookieStore,
  defineSession,
  FilesystemStore,
  requestOrigin,
  ServerStore,
  type SessionStoreOptions,
  type Store,
  save,
} from 'silverback'
import { memory } from 'silverback/memory'
import { cookieHeader, cookieOf } from '../support/http/http.ts'
import { keys } from '../support/keys.ts'

const folder = mkdtempSync(join(tmpdir(), 'silverback-tenants-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const stores: Record<string, (options: SessionStoreOptions) => Store> = {
  CookieStore: options => new CookieStore({ keys, ...options }),
  ServerStore: options => new ServerStore(memory(), { keys, ...options }),
  FilesystemStore: options => new FilesystemStore(folder, { keys, ...options }),
}

const requestTo = (host: string, cookie = ''): Request =>
  new Request(`https://${host}/`, { headers: { host, cookie } })

const byHost: SessionStoreOptions['optionsFor'] = request => {
  const host = requestOrigin(request).host ?? ''
  const domain = ['acme.example', 'shop.example'].find(each => host.endsWith(each))
  return domain === undefined ? undefined : { domain }
}

for (const [name, open] of Object.entries(stores)) {
  suite(`cookie attributes that depend on the request: ${name}`, () => {
    test('are those of the host, for cookies and their deletions', async () => {
      const store = open({ optionsFor: byHost })
      for (const [host, domain] of [
        ['www.acme.example', 'acme.example'],
        ['app.shop.example', 'shop.example'],
        ['other.example', null],
      ] as const) {
        const first = new Headers()
        const request = requestTo(host)
        ;(await store.get(request, 'login')).values.n = 1
        await save(request, first)
        assert.equal(cookieOf(first, 'login')?.domain, domain)
        const second = new Headers()
        const next = requestTo(host, cookieHeader(first))
        const session = await store.get(next, 'login')
        assert.deepEqual(session.values, { n: 1 })
        session.destroy()
        await save(next, second)
        const deletion = cookieOf(second, 'login')
        assert.deepEqual([deletion?.domain, deletion?.maxAge], [domain, 0])
      }
    })

    test('go on top of those of the store and of a definition', async () => {
      const store = open({ options: { path: '/app' }, optionsFor: () => ({ domain: 'a.example' }) })
      const login = defineSession(store, 'login', { options: { sameSite: 'strict' } })
      const request = requestTo('a.example')
      const headers = new Headers()
      const session = await login.get(request)
      session.values.n = 1
      session.remember(60)
      await save(request, headers)
      const cookie = cookieOf(headers, 'login')
      assert.equal(cookie?.domain, 'a.example')
      assert.deepEqual([cookie?.path, cookie?.sameSite, cookie?.maxAge], ['/app', 'strict', 60])
    })

    test('are an error of this request if they are wrong, and of no other', async () => {
      const answers: unknown[] = [
        { domain: 'not a host' },
        { domains: 'a.example' },
        { sameSite: 'none', secure: false },
        { maxAge: 60 },
        'a.example',
        null,
        Promise.resolve({}),
      ]
      const store = open({ optionsFor: () => answers.pop() as never })
      for (let count = answers.length; count > 0; count--) {
        await assert.rejects(store.get(requestTo('a.example'), 'login'), /optionsFor/)
      }
      assert.equal((await store.get(requestTo('a.example'), 'login')).isNew, true)
      const failing = open({
        optionsFor() {
          throw new RangeError('no tenant')
        },
      })
      await assert.rejects(failing.get(requestTo('a.example'), 'login'), /no tenant/)
    })

    test('cannot break the rules of a prefix', async () => {
      const store = open({ optionsFor: () => ({ domain: 'a.example' }) })
      const request = requestTo('a.example')
      const session = await store.get(request, '__Host-login')
      session.values.n = 1
      await assert.rejects(session.save(request, new Headers()), /no domain/)
    })

    test('need a request with headers, and a function', async () => {
      const store = open({ optionsFor: () => ({}) })
      const jar = { get: () => undefined }
      await assert.rejects(store.get({ cookies: jar }, 'login'), /optionsFor needs a request/)
      assert.throws(() => open({ optionsFor: {} as never }), /optionsFor must be a function/)
      assert.throws(
        () => open({ transport: 'header', optionsFor: () => ({}) }),
        /optionsFor needs transport: 'cookie'/,
      )
    })
  })
}

test('a session whose name has the tenant is worth nothing at another tenant', async () => {
  const store = new CookieStore({ keys })
  const request = requestTo('acme.example')
  const headers = new Headers()
  ;(await store.get(request, 'login-acme')).values.user = 'ann'
  await save(request, headers)
  const forged = cookieHeader(headers).replace('login-acme', 'login-shop')
  const session = await store.get(requestTo('shop.example', forged), 'login-shop')
  assert.equal(session.reason, 'bad-mac')
})
