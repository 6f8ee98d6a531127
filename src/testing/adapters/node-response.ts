/**
 * Cases about handlers that write to Node's response.
 *
 * @module
 */

import { assert, assertEqual } from '../assert.ts'
import { cookieOf } from './browser.ts'
import type { Case, NodeResponse, StartedApp, Visit } from './case.ts'
import { backendThat, breakableBackend, gate, serverStore, sleep } from './stores.ts'

/** Makes a handler that counts the visit and writes to Node's response. */
const responding =
  (respond: (response: NodeResponse) => Promise<void> | void) =>
  async (visit: Visit): Promise<undefined> => {
    visit.session.increment('visits')
    await respond(nodeOf(visit))
  }

function nodeOf({ node }: Visit): NodeResponse {
  if (!node) throw new Error('this app passes no Node response to handlers')
  return node
}

const slowSource = (): { store: ReturnType<typeof serverStore>; name: string } => ({
  store: serverStore(backendThat(() => sleep(20))),
  name: 'login',
})

const headerForms: Record<string, unknown> = {
  'an object': { 'X-One': '1', 'Set-Cookie': ['a=1', 'b=2'] },
  'a flat list': ['X-One', '1', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2'],
  'a list of pairs': [
    ['X-One', '1'],
    ['Set-Cookie', 'a=1'],
    ['Set-Cookie', 'b=2'],
  ],
}

export const nodeResponseCases = {
  async 'adds the cookie to every form of writeHead headers'({ start }) {
    for (const [form, headers] of Object.entries(headerForms)) {
      const app = await start({
        '/': responding(response => {
          response.writeHead(201, headers)
          response.end(form)
        }),
      })
      const page = await app.browser().get('/')
      assertEqual([page.status, page.headers['x-one'], page.text], [201, '1', form])
      assert(cookieOf(page, 'login') !== undefined, `the session with ${form}`)
      const others = page.cookies.filter(line => !line.startsWith('login='))
      assertEqual(others, ['a=1', 'b=2'])
    }
  },

  async 'keeps the reason phrase of writeHead'({ start }) {
    const app = await start({
      '/': responding(response => {
        response.setHeader('X-One', 'old')
        response.writeHead(299, 'Fine', { 'X-One': 'new' })
        response.end('ok')
      }),
    })
    const page = await app.browser().get('/')
    assertEqual([page.status, page.reason], [299, 'Fine'])
    assertEqual([page.headers['x-one'], page.cookies.length], ['new', 1])
  },

  async 'saves on writeHead without headers'({ start }) {
    const app = await start({
      '/': responding(response => {
        response.writeHead(404)
        response.end('nothing here')
      }),
    })
    const page = await app.browser().get('/')
    assertEqual([page.status, page.text, page.cookies.length], [404, 'nothing here', 1])
  },

  async 'sends the cookie with flushHeaders, before the body'({ start }) {
    const { opened, open } = gate()
    const app = await start({
      '/': responding(async response => {
        response.flushHeaders()
        await opened
        response.end('later')
      }),
    })
    const flushed = await app.browser().open('/')
    assertEqual(flushed.head.cookies.length, 1)
    open()
    assertEqual(await flushed.text(), 'later')
  },

  async 'returns from held writes what Node would, and emits drain when there is room'({ start }) {
    const large = 'x'.repeat(100_000)
    const results: boolean[] = []
    const app = await start(
      {
        '/': responding(async response => {
          results.push(response.write('one '), response.write(large))
          await new Promise<void>(resolve => response.once('drain', resolve))
          results.push(response.write(' two '))
          response.end('three')
        }),
      },
      { sources: slowSource() },
    )
    assertEqual((await app.browser().get('/')).text, `one ${large} two three`)
    assertEqual(results, [true, false, true])
  },

  async 'calls the callbacks of write and end'({ start }) {
    const called: string[] = []
    const ended = gate()
    const app = await start(
      {
        '/': responding(response => {
          response.write('one', () => called.push('write'))
          response.end('two', () => {
            called.push('end')
            ended.open()
          })
        }),
      },
      { sources: slowSource() },
    )
    assertEqual((await app.browser().get('/')).text, 'onetwo')
    await ended.opened
    assertEqual(called, ['write', 'end'])
  },

  async 'keeps Content-Length of a body passed to end'({ start }) {
    const app = await start({ '/': responding(response => void response.end('12345')) })
    const page = await app.browser().get('/')
    assertEqual([page.text, page.headers['content-length']], ['12345', '5'])
  },

  async 'reports headersSent and writableEnded after end'({ start }) {
    const seen: boolean[] = []
    const app = await start(
      {
        '/': responding(response => {
          seen.push(response.headersSent, response.writableEnded)
          response.end('ok')
          seen.push(response.headersSent, response.writableEnded)
        }),
      },
      { sources: slowSource() },
    )
    await app.browser().get('/')
    assertEqual(seen, [false, false, true, true])
  },

  async 'throws on a second writeHead'({ start }) {
    const codes: unknown[] = []
    const app = await start({
      '/': responding(response => {
        response.writeHead(200)
        try {
          response.writeHead(500)
        } catch (error) {
          codes.push((error as { code?: string }).code)
        }
        response.end('first')
      }),
    })
    const page = await app.browser().get('/')
    assertEqual([page.status, page.text], [200, 'first'])
    assertEqual(codes, ['ERR_HTTP_HEADERS_SENT'])
  },

  async 'throws at once on arguments that Node refuses'({ start }) {
    const refused: string[] = []
    const app = await start({
      '/': responding(response => {
        for (const [method, value] of [
          ['write', 5],
          ['write', null],
          ['end', 5],
          ['writeHead', 42],
          ['writeHead', 'x'],
        ] as const) {
          try {
            ;(response[method] as (value: unknown) => unknown)(value)
          } catch {
            refused.push(method)
          }
        }
        response.end('ok')
      }),
    })
    assertEqual((await app.browser().get('/')).text, 'ok')
    assertEqual(refused, ['write', 'write', 'end', 'writeHead', 'writeHead'])
  },

  async 'ignores a status that is set after end'({ start }) {
    const app = await start(
      {
        '/': responding(response => {
          response.statusCode = 201
          response.end('ok')
          response.statusCode = 404
        }),
      },
      { sources: slowSource() },
    )
    assertEqual((await app.browser().get('/')).status, 201)
  },

  async 'sends 100 Continue before the head'({ start }) {
    const app = await start({
      '/': responding(response => {
        response.writeContinue()
        response.writeHead(200)
        response.end('ok')
      }),
    })
    assertEqual(await statusesAndCookies(app), [['100', '200'], 1])
  },

  async 'sends 103 Early Hints before the head'({ start }) {
    const app = await start({
      '/': responding(response => {
        response.writeEarlyHints({ link: '</style.css>; rel=preload' })
        response.writeHead(200)
        response.end('ok')
      }),
    })
    assertEqual(await statusesAndCookies(app), [['103', '200'], 1])
  },

  async 'shows the response as it is once it was sent'({ start }) {
    const own: string[][] = []
    const [received, seen] = [gate(), gate()]
    const names = ['headersSent', 'writableEnded', 'setHeader', 'removeHeader', 'on', 'once']
    const ownNames = (response: object): string[] =>
      names.filter(name => Object.hasOwn(response, name))
    const app = await start({
      '/': responding(async response => {
        response.end('ok')
        await received.opened
        own.push(ownNames(response))
        seen.open()
      }),
      '/unchanged': visit => {
        nodeOf(visit).end('ok')
        own.push(ownNames(nodeOf(visit)))
        return undefined
      },
    })
    const browser = app.browser()
    assertEqual((await browser.get('/')).text, 'ok')
    received.open()
    await seen.opened
    await browser.get('/unchanged')
    assertEqual(own, [[], []])
  },

  async 'does not hold the response of an unchanged session'({ start }) {
    const seen: unknown[] = []
    const app = await start({
      '/': visit => {
        const response = nodeOf(visit)
        seen.push(response.write('one '))
        response.end('two')
        return undefined
      },
    })
    const page = await app.browser().get('/')
    assertEqual([page.text, page.headers.vary, seen], ['one two', 'Cookie', [true]])
  },

  async 'ignores writes of the handler after a failed save'({ start }) {
    const { backend, broken } = breakableBackend()
    broken.add('create')
    const [failed, finished] = [gate(), gate()]
    let isWriting = false
    const app = await start(
      {
        '/': responding(async response => {
          isWriting = true
          response.write('one')
          await failed.opened
          response.write('two')
          response.end('three')
          finished.open()
        }),
      },
      { sources: { store: serverStore(backend), name: 'login' } },
    )
    const page = await app.browser().get('/')
    assertEqual([page.status, page.cookies], [500, []])
    assert(!/one|two|three/.test(page.text), 'the response has no output of the handler')
    assert(isWriting, 'the handler has started to write')
    failed.open()
    await finished.opened
    assertEqual((await app.browser().get('/')).status, 500)
  },
} satisfies Record<string, Case>

/** The statuses of all heads of the response, and the number of session cookies in them. */
async function statusesAndCookies(app: StartedApp): Promise<[statuses: unknown[], number]> {
  const response = await (await app.raw('/', [])).text()
  const statuses = [...response.matchAll(/^HTTP\/1\.1 (\d+) /gm)].map(([, status]) => status)
  return [statuses, response.match(/^set-cookie: login=/gim)?.length ?? 0]
}
