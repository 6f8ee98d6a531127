/**
 * Cases: answers that come piece by piece, and clients that leave.
 *
 * @module
 */

import { assert, assertEqual } from '../assert.ts'
import type { Case, ok, Visit } from './case.ts'
import { gate, serverStore, sleep } from './stores.ts'

const visits = ({ session }: Visit): typeof ok => ({ body: String(session.increment('visits')) })
const events = { 'Content-Type': 'text/event-stream' }
const onServer = (): { sources: { store: ReturnType<typeof serverStore>; name: string } } => ({
  sources: { store: serverStore(), name: 'login' },
})

export const streamCases = {
  async 'the first event arrives before the last is made, after the cookie'({ start }) {
    const { opened, open } = gate()
    async function* body(): AsyncGenerator<string> {
      yield 'data: 1\n\n'
      await opened
      yield 'data: 2\n\n'
    }
    const app = await start({
      '/': visit => {
        visits(visit)
        return { headers: events, body: body() }
      },
    })
    const opening = await app.browser().open('/')
    assertEqual(opening.head.cookies.length, 1)
    assertEqual(opening.head.headers['content-type']?.split(';')[0], 'text/event-stream')
    await opening.begun()
    open()
    assertEqual(await opening.text(), 'data: 1\n\ndata: 2\n\n')
  },

  async 'a stream of an unchanged session flows as ever'({ start }) {
    const app = await start({ '/': () => ({ body: pieces(3, 'ab') }) })
    const page = await app.browser().get('/')
    assertEqual([page.text, page.cookies], ['ababab', []])
  },

  async 'a large body arrives whole'({ start }) {
    const app = await start({
      '/': visit => {
        visits(visit)
        return { body: pieces(200, 'x'.repeat(65_536)) }
      },
    })
    const page = await app.browser().get('/')
    assertEqual([page.text.length, page.cookies.length], [200 * 65_536, 1])
  },

  async 'a slow reader slows the handler down'({ start }) {
    const progress = { made: 0 }
    const app = await start({
      '/': visit => {
        visits(visit)
        return { body: pieces(400, 'x'.repeat(262_144), progress) }
      },
    })
    const unread = await app.browser().open('/')
    await sleep(400)
    assert(
      progress.made < 300,
      `${progress.made} of 400 pieces made for a client that does not read`,
    )
    await unread.leave()
  },

  async 'an empty stream is saved'({ start }) {
    const app = await start({
      '/': visit => {
        visits(visit)
        return { body: pieces(0, '') }
      },
    })
    const page = await app.browser().get('/')
    assertEqual([page.status, page.text, page.cookies.length], [200, '', 1])
  },

  async 'a stream that fails on its way is cut off, and the session is kept'({ start }) {
    async function* body(): AsyncGenerator<string> {
      yield 'first'
      await sleep(20)
      throw new Error('on the way')
    }
    const app = await start({
      '/broken': visit => {
        visits(visit)
        return { body: body() }
      },
      '/': visits,
    })
    const browser = app.browser()
    const broken = await browser.open('/broken')
    const text = await broken.text().catch(() => 'cut off')
    assertEqual(text, 'cut off')
    assertEqual((await browser.get('/')).text, '2')
  },

  async 'what a stream changes after its head is not saved, and nothing breaks'({ start }) {
    async function* body(visit: Visit): AsyncGenerator<string> {
      yield 'first'
      await sleep(20)
      visit.session.values.late = true
      yield 'second'
    }
    const app = await start({
      '/late': visit => {
        visits(visit)
        return { body: body(visit) }
      },
      '/': ({ session }) => ({ body: JSON.stringify(session.values) }),
    })
    const browser = app.browser()
    assertEqual((await browser.get('/late')).text, 'firstsecond')
    assertEqual((await browser.get('/')).text, '{"visits":1}')
  },

  async 'a client that leaves before the answer: its change is kept'({ start }) {
    const { opened, open } = gate()
    const app = await start(
      {
        '/slow': async visit => {
          await opened
          return visits(visit)
        },
        '/': visits,
        '/show': ({ session }) => ({ body: String(session.values.visits) }),
      },
      onServer(),
    )
    const browser = app.browser()
    await browser.get('/')
    const slow = await app.raw('/slow', [`Cookie: ${browser.cookieHeader}`])
    await sleep(50)
    await slow.leave()
    await sleep(20)
    open()
    await until(async () => (await browser.get('/show')).text === '2')
  },

  async 'a client that leaves in the middle of a stream: the server goes on'({ start }) {
    const progress = { made: 0 }
    const app = await start({
      '/endless': visit => {
        visits(visit)
        return { body: pieces(2000, 'x'.repeat(65_536), progress) }
      },
      '/': visits,
    })
    const browser = app.browser()
    const endless = await browser.open('/endless')
    await endless.begun()
    await endless.leave()
    assertEqual((await browser.get('/')).text, '2')
    await sleep(50)
    assert(progress.made < 2000, 'the stream ends with its reader')
  },
} satisfies Record<string, Case>

async function* pieces(
  count: number,
  piece: string,
  progress: { made: number } = { made: 0 },
): AsyncGenerator<string> {
  for (; progress.made < count; progress.made++) yield piece
}

/** Waits for what another connection will have done, at most two seconds. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  for (const started = Date.now(); Date.now() - started < 2000; await sleep(20)) {
    if (await holds()) return
  }
  throw new Error('it did not come to it in two seconds')
}
