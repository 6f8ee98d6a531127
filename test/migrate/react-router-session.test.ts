import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import type { RequestListener } from 'node:http'
import { suite, test } from 'node:test'
import {
  createCookieSessionStorage,
  createMemorySessionStorage,
  createSessionStorage,
  type SessionStorage,
} from 'react-router'
import type { Values } from 'silverback'
import { reactRouterSession } from 'silverback/migrate'
import { found, login, testMove } from './move.ts'

const secrets = ['newest secret', 'older secret']

function oldApp(storage: SessionStorage): RequestListener {
  return async (request, response) => {
    const session = await storage.getSession(request.headers.cookie)
    if (request.url === '/login') {
      for (const [key, value] of Object.entries(login)) session.set(key, value)
      response.setHeader('Set-Cookie', await storage.commitSession(session))
    }
    response.end(JSON.stringify(session.data))
  }
}

testMove('from React Router', () => ({
  old: oldApp(createCookieSessionStorage({ cookie: { secrets } })),
  reader: changed => reactRouterSession({ secrets, ...changed }),
  others: {
    'another secret': reactRouterSession({ secrets: ['another'] }),
    'another name': reactRouterSession({ secrets, cookie: 'other' }),
    'with readData': reactRouterSession({ secrets, readData: async () => ({ a: 1 }) }),
  },
  cookies: ['__session'],
}))

testMove('from React Router with an older secret and a custom cookie name', () => ({
  old: oldApp(createCookieSessionStorage({ cookie: { name: 'app', secrets: ['older secret'] } })),
  reader: changed => reactRouterSession({ secrets, cookie: 'app', ...changed }),
  others: {
    'without the older secret': reactRouterSession({ secrets: ['newest secret'], cookie: 'app' }),
  },
  cookies: ['app'],
}))

testMove('from React Router with createSessionStorage', () => {
  const records = new Map<string, Values>()
  let count = 0
  const readData = async (id: string) => records.get(id) ?? null
  const storage = createSessionStorage({
    cookie: { secrets },
    async createData(data) {
      const id = `ü ${count++}`
      records.set(id, data as Values)
      return id
    },
    readData: readData as never,
    async updateData(id, data) {
      records.set(id, data as Values)
    },
    async deleteData(id) {
      records.delete(id)
    },
  })
  return {
    old: oldApp(storage),
    reader: changed => reactRouterSession({ secrets, readData, ...changed }),
    others: {
      'another secret': reactRouterSession({ secrets: ['another'], readData }),
      'without readData': reactRouterSession({ secrets }),
      'an unknown id': reactRouterSession({ secrets, readData: async () => null }),
    },
    cookies: ['__session'],
  }
})

suite('React Router: cookies', () => {
  const sent = (content: unknown, secret?: string) => {
    const encoded = Buffer.from(JSON.stringify(content)).toString('base64')
    const mac = secret && createHmac('sha256', secret).update(encoded).digest('base64')
    return { __session: encodeURIComponent(mac ? `${encoded}.${mac.replace(/=+$/, '')}` : encoded) }
  }

  test('ignores cookies that are not signed', async () => {
    assert.equal(await found(reactRouterSession({ secrets }), sent({ a: 1 })), undefined)
    const { commitSession, getSession } = createCookieSessionStorage()
    const session = await getSession()
    session.set('a', 1)
    const [, __session = ''] = /__session=([^;]*)/.exec(await commitSession(session)) ?? []
    assert.equal(await found(reactRouterSession({ secrets }), { __session }), undefined)
  })

  test('keeps flash messages under the key that toSessionStorage reads', async () => {
    const { commitSession, getSession } = createCookieSessionStorage({ cookie: { secrets } })
    const session = await getSession()
    session.flash('message', 'Saved')
    const [, __session = ''] = /__session=([^;]*)/.exec(await commitSession(session)) ?? []
    assert.deepEqual(await found(reactRouterSession({ secrets }), { __session }), {
      __flash_message__: 'Saved',
    })
  })

  for (const content of [null, 'text', 1, [1], '']) {
    test(`finds no session in ${JSON.stringify(content)}`, async () => {
      assert.equal(
        await found(reactRouterSession({ secrets }), sent(content, 'older secret')),
        undefined,
      )
    })
  }

  for (const content of [null, 1, '', {}, ['id']]) {
    test(`calls readData with no id of the form ${JSON.stringify(content)}`, async () => {
      const reader = reactRouterSession({ secrets, readData: () => assert.fail('called') })
      assert.equal(await found(reader, sent(content, 'older secret')), undefined)
    })
  }

  test('reads the ids of createMemorySessionStorage', async () => {
    const { commitSession, getSession } = createMemorySessionStorage({ cookie: { secrets } })
    const line = await commitSession(await getSession())
    const [, __session = ''] = /__session=([^;]*)/.exec(line) ?? []
    const ids: string[] = []
    const readData = async (id: string) => {
      ids.push(id)
      return { a: 1 }
    }
    assert.deepEqual(await found(reactRouterSession({ secrets, readData }), { __session }), {
      a: 1,
    })
    assert.match(String(ids), /^\w+$/)
  })

  test('rejects when readData does', async () => {
    const down = new Error('down')
    const reader = reactRouterSession({ secrets, readData: () => Promise.reject(down) })
    await assert.rejects(found(reader, sent('id', 'older secret')), down)
  })

  test('refuses wrong options', () => {
    const options = (wrong: object) => () => reactRouterSession({ secrets, ...wrong } as never)
    assert.throws(options({ secrets: [] }), /^TypeError: secrets must not be an empty array/)
    assert.throws(
      options({ readData: 'x' }),
      /^TypeError: readData must be a function, not a string/,
    )
    assert.throws(options({ name: 'x' }), /^TypeError: reactRouterSession has no option name/)
  })
})
