import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { defineSession, ServerStore, type Session, type SessionError } from 'silverback'
import { memory } from 'silverback/memory'
import { type NextOptions, type NextSessions, sessions } from 'silverback/next'
import { needsProject } from '../support/projects/projects.ts'
import { loadNext } from './apps/next.ts'
import { listen } from './apps/node-http.ts'
import { runAdapterSuite } from './run.ts'

interface Login {
  user?: string
}

runAdapterSuite('next')

suite('Next.js where no cookie can be set', needsProject('examples/next'), () => {
  const backend = memory()
  const loaded: string[] = []
  const load = backend.load.bind(backend)
  backend.load = id => {
    loaded.push(id)
    return load(id)
  }
  const store = new ServerStore(backend)
  const definition = defineSession<Login>(store, 'login')

  /** The response of a path whose components or cache scopes call `render`. */
  async function visit(
    path: string,
    render: (logins: NextSessions<Session<Login>>) => unknown,
    cookie = '',
  ): Promise<string> {
    globalThis.silverbackTest = {
      async render(cookies) {
        try {
          return String(await render(sessions(definition, { cookies })))
        } catch (error) {
          const { code, message } = error as SessionError
          return `${code}: ${message}`
        }
      },
    }
    const app = await listen(await loadNext())
    try {
      const response = await fetch(app.origin + path, { headers: { cookie } })
      const text = await response.text()
      return text.replaceAll('<!-- -->', '').replaceAll('&#x27;', "'")
    } finally {
      await app.close()
    }
  }

  /** The cookie of a signed-in session with a flash message. */
  async function signedIn(): Promise<string> {
    const headers = new Headers()
    const request = new Request('http://localhost')
    const session = await definition.get(request)
    session.login('ann')
    session.addFlash('Welcome back')
    await session.save(request, headers)
    return headers.getSetCookie()[0]?.split(';')[0] as string
  }

  test('reads the session and its flash messages in a page', async () => {
    const page = await visit(
      '/rendered',
      async logins => {
        const session = await logins.read()
        return `${session.owner} ${session.isNew} ${session.peekFlashes()}`
      },
      await signedIn(),
    )
    assert.match(page, /\[ann false Welcome back\]/)
  })

  test('loads the session once for layout, page and components', async () => {
    const cookie = await signedIn()
    loaded.length = 0
    const owner = async (logins: NextSessions<Session<Login>>): Promise<unknown> =>
      (await logins.read()).owner
    assert.match(await visit('/rendered', owner, cookie), /\[ann\]ann/)
    assert.equal(loaded.filter(id => id !== 'epoch').length, 1)
  })

  test('names the places where open() works in the error of open()', async () => {
    const page = await visit('/rendered', logins => logins.open())
    assert.match(page, /\[read-only: .*while a page is rendered.*server actions.*route handlers/)
  })

  const changes: Record<string, (session: Session<Login>) => unknown> = {
    flashes: session => session.flashes(),
    login: session => session.login('bob'),
    destroy: session => session.destroy(),
    owner: session => {
      session.owner = 'bob'
    },
    user: session => {
      session.values.user = 'bob'
    },
  }
  for (const [name, change] of Object.entries(changes)) {
    test(`refuses a change to a session from read(): ${name}`, async () => {
      const cookie = await signedIn()
      const page = await visit(
        '/rendered',
        async logins => change((await logins.read()) as unknown as Session<Login>),
        cookie,
      )
      const instead = name === 'flashes' ? '.*peekFlashes\\(\\)' : ''
      assert.match(
        page,
        new RegExp(`\\[read-only: ${name}: .*cannot be changed${instead}.*server actions`),
      )
      const session = await definition.get(new Request('http://localhost', { headers: { cookie } }))
      assert.deepEqual([session.owner, session.peekFlashes()], ['ann', ['Welcome back']])
    })
  }

  for (const path of ['/cached', '/unstable-cached']) {
    test(`refuses to read a session in a cache scope: ${path}`, async () => {
      const page = await visit(path, logins => logins.read())
      assert.match(page, /^read-only: a cache scope .*server actions/)
    })
  }

  test('refuses to save a session after the response', async () => {
    let outcome = (_: unknown): void => {}
    const saved = new Promise<unknown>(resolve => {
      outcome = resolve
    })
    globalThis.silverbackTest = {
      async answer(_request, cookies) {
        const login = await sessions(definition, { cookies }).open()
        login.session.values.user = 'ann'
        return () => login.save().then(outcome, outcome)
      },
    }
    const app = await listen(await loadNext())
    try {
      assert.equal(await (await fetch(`${app.origin}/after`)).text(), 'answered')
      const { code, message, cause } = (await saved) as SessionError
      assert.equal(code, 'read-only')
      assert.match(message, /cannot be saved after the response.*server actions/)
      assert.ok(cause instanceof Error)
    } finally {
      await app.close()
    }
  })

  test('rethrows errors that Next.js throws as signals', async () => {
    const bailout = new Error('Dynamic server usage')
    const logins = sessions(definition, { cookies: () => Promise.reject(bailout) })
    await assert.rejects(logins.read(), error => error === bailout)
  })

  test('refuses invalid arguments', () => {
    const cookies = undefined as unknown as NextOptions['cookies']
    assert.throws(() => sessions(definition, { cookies }), /cookies must be a function/)
    assert.throws(
      () => sessions({} as typeof definition, { cookies: async () => new Map() as never }),
      /must be a definition/,
    )
  })
})
