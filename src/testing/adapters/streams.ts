/**
 * Cases about streamed responses, and about clients that leave early.
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
  async 'streams events after the cookie without buffering'({ start }) {
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

  async 'streams the response of an unchanged session'({ start }) {
    const app = await start({ '/': () => ({ body: pieces(3, 'ab') }) })
    const page = await app.browser().get('/')
    assertEqual([page.text, page.cookies], ['ababab', []])
  },

  async 'sends a large body completely'({ start }) {
    const app = await start({
      '/': visit => {
        visits(visit)
        return { body: pieces(200, 'x'.repeat(65_536)) }
      },
    })
    const page = await app.browser().get('/')
    assertEqual([page.text.length, page.cookies.length], [200 * 65_536, 1])
  },

  async 'applies back-pressure of a slow client to the handler'({ start }) {
    const progress = { made: 0 }
    const app = await start({
      '/': visit => {
        visits(visit)
        return { body: pieces(400, 'x'.repeat(262_144), progress) }
      },
    })
    const unread = await app.browser().open('/')
    await settled(progress)
    assert(
      progress.made < 300,
      `${progress.made} of 400 pieces made for a client that does not read`,
    )
    await unread.leave()
  },

  async 'saves with an empty stream'({ start }) {
    const app = await start({
      '/': visit => {
        visits(visit)
        return { body: pieces(0, '') }
      },
    })
    const page = await app.browser().get('/')
    assertEqual([page.status, page.text, page.cookies.length], [200, '', 1])
  },

  async 'cuts the connection of a failing stream and saves the session'({ start }) {
    const { opened, open } = gate()
    async function* body(): AsyncGenerator<string> {
      yield 'first'
      await opened
      throw new Error('in the middle of the stream')
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
    open()
    const text = await broken.text().catch(() => 'cut off')
    assertEqual(text, 'cut off')
    assertEqual((await browser.get('/')).text, '2')
  },

  async 'ignores changes made while the body streams'({ start }) {
    const { opened, open } = gate()
    async function* body(visit: Visit): AsyncGenerator<string> {
      yield 'first'
      await opened
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
    const late = await browser.open('/late')
    open()
    assertEqual(await late.text(), 'firstsecond')
    assertEqual((await browser.get('/')).text, '{"visits":1}')
  },

  async 'saves although the client leaves before the response'({ start }) {
    const [reached, released] = [gate(), gate()]
    const app = await start(
      {
        '/slow': async visit => {
          reached.open()
          await released.opened
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
    await reached.opened
    await slow.leave()
    // Time for the server to notice.
    await sleep(20)
    released.open()
    await until(async () => (await browser.get('/show')).text === '2')
  },

  async 'stops a stream whose client leaves'({ start }) {
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
    await settled(progress)
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

/** Waits until no more pieces are made. */
async function settled(progress: { readonly made: number }): Promise<void> {
  for (let before = -1; before !== progress.made; await sleep(200)) before = progress.made
}

/** Waits until the condition holds, for at most 15 seconds. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  for (const started = Date.now(); Date.now() - started < 15_000; await sleep(20)) {
    if (await holds()) return
  }
  throw new Error('the condition did not hold within 15 seconds')
}
