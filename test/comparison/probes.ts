/** What can be observed of a session library from outside, over HTTP. Each probe returns a cell of docs/comparison.md. */

import { randomBytes } from 'node:crypto'
import { mock } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { CookieJar } from 'silverback/testing'
import { type Library, type Settings, serve } from './libraries.ts'

export type Probe = (library: Library) => Promise<string>

const newKey = (): string => randomBytes(32).toString('base64')

const defaults: Settings = {
  keys: [newKey()],
  maxAge: 3600,
  gate: async () => {},
  beforeWrite: async () => {},
}

/** Serves the library's app, with a visitor, while `use` runs. */
function withApp<T>(
  library: Library,
  settings: Partial<Settings>,
  use: (visit: (path: string, jar?: CookieJar) => Promise<Response>, jar: CookieJar) => Promise<T>,
): Promise<T> {
  return serve(library, { ...defaults, ...settings }, origin => {
    const jar = new CookieJar()
    return use((path, visitor = jar) => visitor.fetch(`${origin}${path}`), jar)
  })
}

/** Whether a visitor with these cookies sees this in their session. */
async function sees(response: Promise<Response>, content: string): Promise<boolean> {
  return (await (await response).text()).includes(content)
}

/** A jar with the same cookies as they are now. */
function copyOf(jar: CookieJar): CookieJar {
  return new CookieJar().add(jar.header('http://localhost'))
}

/** A promise that is kept by a call. */
function gate(): { wait: () => Promise<void>; open: () => void; reached: Promise<void> } {
  let open: () => void = () => {}
  let reach: () => void = () => {}
  const opened = new Promise<void>(resolve => {
    open = resolve
  })
  const reached = new Promise<void>(resolve => {
    reach = resolve
  })
  const wait = (): Promise<void> => {
    reach()
    return opened
  }
  return { wait, open, reached }
}

/** Whether a client can read the values in its cookie. */
export const values: Probe = library =>
  withApp(library, {}, async (visit, jar) => {
    await visit('/set?plan=canary')
    const cookies = decodeURIComponent(jar.header('http://localhost'))
    const decoded = cookies.split(/[=;., ]/).map(part => Buffer.from(part, 'base64').toString())
    return [cookies, ...decoded].some(part => part.includes('canary')) ? 'readable' : 'encrypted'
  })

/** Whether the session of an old key is read once a new key writes. */
export const rotation: Probe = async library => {
  const [newest, older] = [newKey(), newKey()]
  const jar = new CookieJar()
  await withApp(library, { keys: [older] }, visit => visit('/set?a=kept', jar))
  const isRead = await withApp(library, { keys: [newest, older] }, visit =>
    sees(visit('/read', jar), 'kept'),
  )
  return isRead ? 'yes' : 'no'
}

/** Whether a copy of the cookie works after its visitor has signed out. */
export const copyAfterSignOut: Probe = library =>
  withApp(library, {}, async (visit, jar) => {
    await visit('/set?a=captured')
    const copy = copyOf(jar)
    await visit('/sign-out')
    return (await sees(visit('/read', copy), 'captured')) ? 'yes' : 'no'
  })

/** Whether a copy of the cookie works once it has expired. */
export const copyAfterExpiry: Probe = async library =>
  withApp(library, { maxAge: 600 }, async (visit, jar) => {
    await visit('/set?a=captured')
    const copy = copyOf(jar)
    mock.timers.enable({ apis: ['Date'], now: Date.now() + 7_200_000 })
    try {
      return (await sees(visit('/read', copy), 'captured')) ? 'yes' : 'no'
    } finally {
      mock.timers.reset()
    }
  })

/** Whether two requests at once that change different keys are both kept. */
export const concurrentChanges: Probe = library => {
  const { wait, open, reached } = gate()
  return withApp(library, { gate: wait }, async visit => {
    await visit('/set?a=first')
    const slow = visit('/slow?b=slow')
    await reached
    await visit('/set?c=quick')
    open()
    await slow
    const page = visit('/read')
    const body = await (await page).text()
    return body.includes('slow') && body.includes('quick') ? 'yes' : 'no'
  })
}

/** Whether a visitor stays signed out if an earlier request responds after the sign-out. */
export const signOutIsFinal: Probe = library => {
  const { wait, open, reached } = gate()
  return withApp(library, { gate: wait }, async (visit, jar) => {
    await visit('/set?a=private')
    const before = copyOf(jar)
    const slow = visit('/slow?b=slow')
    await reached
    await visit('/sign-out')
    open()
    await slow
    const returned = [visit('/read'), visit('/read', before)]
    const isBack = await Promise.all(returned.map(response => sees(response, 'private')))
    return isBack.some(Boolean) ? 'no' : 'yes'
  })
}

/** Whether a visitor who only looks gets a cookie. */
export const cookieForLooking: Probe = library =>
  withApp(library, {}, async visit => {
    const { headers } = await visit('/read')
    return headers.getSetCookie().length > 0 ? 'yes' : 'no'
  })

/** The security attributes of the cookie without options. */
export const attributes: Probe = library =>
  withApp(library, {}, async visit => {
    const [line = ''] = (await visit('/set?a=1')).headers.getSetCookie()
    const names = ['HttpOnly', 'Secure', 'SameSite=Lax', 'SameSite=Strict', 'SameSite=None']
    const set = names.filter(name => line.toLowerCase().includes(`; ${name.toLowerCase()}`))
    return set.map(name => `\`${name}\``).join(', ') || 'none'
  })

/** What happens to a session of 6 kB. */
export const tooLarge: Probe = library =>
  withApp(library, {}, async visit => {
    // Random, so that no compression makes it fit.
    const { status, headers } = await visit(`/set?a=${randomBytes(3000).toString('hex')}`)
    const cookies = headers.getSetCookie().map(line => line.split(';')[0] as string)
    if (cookies.some(cookie => cookie.length > 4096)) return 'sent, and dropped by browsers'
    if (status >= 500) return 'error'
    return cookies.length > 1 ? 'several cookies' : cookies.length === 1 ? 'kept' : 'lost silently'
  })

/** Whether the id that a visitor had before the sign-in is worthless after it. */
export const newIdAtSignIn: Probe = library =>
  withApp(library, {}, async (visit, jar) => {
    await visit('/set?a=1')
    const planted = copyOf(jar)
    await visit('/sign-in')
    return (await sees(visit('/read', planted), 'ann')) ? 'no' : 'yes'
  })

/** Whether the session is written when the client has the head of the response. */
export const writtenFirst: Probe = library => {
  let hasHead = false
  let isWritten = false
  const beforeWrite = async (): Promise<void> => {
    // In turns, so that even a process that was paused receives the head before the last one.
    for (let turn = 0; turn < 100 && !hasHead; turn++) await sleep(5)
    isWritten = true
  }
  return withApp(library, { beforeWrite }, async visit => {
    await visit('/set?a=1')
    hasHead = true
    return isWritten ? 'yes' : 'no'
  })
}

/** What the client gets if the session cannot be written. */
export const failedWrite: Probe = library => {
  let isDown = false
  const beforeWrite = async (): Promise<void> => {
    if (isDown) throw new Error('the store is down')
  }
  return withApp(library, { beforeWrite }, async visit => {
    await visit('/set?a=1')
    isDown = true
    try {
      const response = await visit('/set?a=2')
      await response.text()
      return response.ok ? 'success' : 'an error'
    } catch {
      return 'a broken response'
    }
  })
}

/** Whether a shared cache is told not to show a page with a session to others. */
export const caching: Probe = library =>
  withApp(library, {}, async visit => {
    await visit('/set?a=1')
    const { headers } = await visit('/set?a=2')
    const isSet = /cookie/i.test(headers.get('vary') ?? '') || headers.has('cache-control')
    return isSet ? 'yes' : 'no'
  })
