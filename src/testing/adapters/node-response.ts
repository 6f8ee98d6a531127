/**
 * Cases: handlers that answer with Node's own response.
 *
 * @module
 */

import { assert, assertEqual } from '../assert.ts'
import { cookieOf } from './browser.ts'
import type { Case, NodeResponse, StartedApp, Visit } from './case.ts'
import { backendThat, breakableBackend, gate, serverStore, sleep } from './stores.ts'

/** A handler that counts the visit and answers with Node's response. */
const answering =
  (answer: (response: NodeResponse) => Promise<void> | void) =>
  async (visit: Visit): Promise<undefined> => {
    visit.session.increment('visits')
    await answer(nodeOf(visit))
  }

function nodeOf({ node }: Visit): NodeResponse {
  if (!node) throw new Error('this adapter gives handlers no response of Node')
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
  async 'writeHead keeps the cookie, whatever form its headers have'({ start }) {
    for (const [form, headers] of Object.entries(headerForms)) {
      const app = await start({
        '/': answering(response => {
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

  async 'writeHead with a reason of its own'({ start }) {
    const app = await start({
      '/': answering(response => {
        response.setHeader('X-One', 'old')
        response.writeHead(299, 'Fine', { 'X-One': 'new' })
        response.end('ok')
      }),
    })
    const page = await app.browser().get('/')
    assertEqual([page.status, page.reason], [299, 'Fine'])
    assertEqual([page.headers['x-one'], page.cookies.length], ['new', 1])
  },

  async 'writeHead without headers'({ start }) {
    const app = await start({
      '/': answering(response => {
        response.writeHead(404)
        response.end('nothing here')
      }),
    })
    const page = await app.browser().get('/')
    assertEqual([page.status, page.text, page.cookies.length], [404, 'nothing here', 1])
  },

  async 'flushHeaders sends the head with the cookie, before there is a body'({ start }) {
    const { opened, open } = gate()
    const app = await start({
      '/': answering(async response => {
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

  async 'write says to wait, and drain says when to go on'({ start }) {
    const answers: boolean[] = []
    const app = await start(
      {
        '/': answering(async response => {
          answers.push(response.write('one '))
          await new Promise<void>(resolve => response.once('drain', resolve))
          answers.push(response.write('two '))
          response.end('three')
        }),
      },
      { sources: slowSource() },
    )
    assertEqual((await app.browser().get('/')).text, 'one two three')
    assertEqual(answers, [false, true])
  },

  async 'callbacks of write and end are called'({ start }) {
    const called: string[] = []
    const app = await start(
      {
        '/': answering(response => {
          response.write('one', () => called.push('write'))
          response.end('two', () => called.push('end'))
        }),
      },
      { sources: slowSource() },
    )
    assertEqual((await app.browser().get('/')).text, 'onetwo')
    await sleep(20)
    assertEqual(called, ['write', 'end'])
  },

  async 'end with a body still tells its length'({ start }) {
    const app = await start({ '/': answering(response => void response.end('12345')) })
    const page = await app.browser().get('/')
    assertEqual([page.text, page.headers['content-length']], ['12345', '5'])
  },

  async 'after end the response says that it is sent'({ start }) {
    const seen: boolean[] = []
    const app = await start(
      {
        '/': answering(response => {
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

  async 'a second head is refused where it is written'({ start }) {
    const codes: unknown[] = []
    const app = await start({
      '/': answering(response => {
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

  async 'what Node refuses to write is refused at once'({ start }) {
    const refused: string[] = []
    const app = await start({
      '/': answering(response => {
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

  async 'a status set after end comes too late'({ start }) {
    const app = await start(
      {
        '/': answering(response => {
          response.statusCode = 201
          response.end('ok')
          response.statusCode = 404
        }),
      },
      { sources: slowSource() },
    )
    assertEqual((await app.browser().get('/')).status, 201)
  },

  async '100 Continue passes before the head'({ start }) {
    const app = await start({
      '/': answering(response => {
        response.writeContinue()
        response.writeHead(200)
        response.end('ok')
      }),
    })
    assertEqual(await statusesAndCookies(app), [['100', '200'], 1])
  },

  async '103 Early Hints pass before the head'({ start }) {
    const app = await start({
      '/': answering(response => {
        response.writeEarlyHints({ link: '</style.css>; rel=preload' })
        response.writeHead(200)
        response.end('ok')
      }),
    })
    assertEqual(await statusesAndCookies(app), [['103', '200'], 1])
  },

  async 'nothing of the wait is left on the response'({ start }) {
    const own: string[][] = []
    const names = ['writeHead', 'write', 'end', 'flushHeaders', 'headersSent', 'writableEnded']
    const ownNames = (response: object): string[] =>
      names.filter(name => Object.hasOwn(response, name))
    const app = await start({
      '/': answering(async response => {
        response.end('ok')
        await sleep(20)
        own.push(ownNames(response))
      }),
      '/unchanged': visit => {
        nodeOf(visit).end('ok')
        own.push(ownNames(nodeOf(visit)))
        return undefined
      },
    })
    const browser = app.browser()
    for (const path of ['/', '/unchanged']) await browser.get(path)
    await sleep(40)
    assertEqual(own, [[], []])
  },

  async 'an answer of an unchanged session does not wait'({ start }) {
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

  async 'a handler that writes on after its session could not be saved'({ start }) {
    const { backend, broken } = breakableBackend()
    broken.add('create')
    let wentOn = 0
    const app = await start(
      {
        '/': answering(async response => {
          response.write('one')
          await sleep(50)
          response.write('two')
          response.end('three')
          wentOn++
        }),
      },
      { sources: { store: serverStore(backend), name: 'login' } },
    )
    const page = await app.browser().get('/')
    assertEqual([page.status, page.cookies], [500, []])
    assert(!/one|two|three/.test(page.text), 'nothing of the answer')
    await sleep(80)
    assertEqual((await app.browser().get('/')).status, 500)
    assertEqual(wentOn, 1)
  },
} satisfies Record<string, Case>

/** The status of each head that is sent, and how many cookies the session has in them. */
async function statusesAndCookies(app: StartedApp): Promise<[statuses: unknown[], number]> {
  const answer = await (await app.raw('/', [])).text()
  const statuses = [...answer.matchAll(/^HTTP\/1\.1 (\d+) /gm)].map(([, status]) => status)
  return [statuses, answer.match(/^set-cookie: login=/gim)?.length ?? 0]
}
