/** Apps on a port of this machine, and a browser that visits them. */

import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { after } from 'node:test'
import { CookieStore, type CookieStoreOptions, save } from 'silverback'
import { CookieJar } from 'tough-cookie'

/** Serves until the tests around the call are over; answers the URL. */
export async function serve(app: RequestListener): Promise<string> {
  const server = createServer(app).listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  after(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** What {@link ownApp} answers. */
export interface Answer {
  values: Record<string, unknown>
  isNew: boolean
  renewal?: string
}

/** An app with a session called `sid`: `/` shows and saves it, `/out` ends it. */
export function ownApp(options: CookieStoreOptions, name = 'sid'): RequestListener {
  const store = new CookieStore(options)

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<Answer> {
    const session = await store.get(request, name)
    const { values, isNew, renewal } = session
    if (request.url === '/out') session.options.maxAge = 0
    await save(request, response)
    return { values, isNew, ...(renewal && { renewal }) }
  }

  return (request, response) => {
    answer(request, response).then(
      result => response.end(JSON.stringify(result)),
      error => response.writeHead(500).end(String(error)),
    )
  }
}

/** Keeps cookies as browsers do. All apps here are on one host, whose ports share them. */
export class Browser {
  readonly #jar = new CookieJar()

  /** The body; fails when the app does. */
  async visit(url: string): Promise<string> {
    const cookie = this.header()
    const response = await fetch(url, cookie === '' ? {} : { headers: { cookie } })
    const body = await response.text()
    if (!response.ok) throw new Error(`${url}: ${response.status} ${body}`)
    for (const line of response.headers.getSetCookie()) this.#jar.setCookieSync(line, home)
    return body
  }

  async visitOwn(url: string): Promise<Answer> {
    return JSON.parse(await this.visit(url)) as Answer
  }

  /** The cookies as sent, by name. */
  cookies(): Record<string, string> {
    const cookies = this.#jar.getCookiesSync(home)
    return Object.fromEntries(cookies.map(({ key, value }) => [key, value]))
  }

  /** The `Cookie` header. */
  header(): string {
    return this.#jar.getCookieStringSync(home)
  }

  /** Sends this cookie from now on. */
  set(name: string, value: string): void {
    this.#jar.setCookieSync(`${name}=${value}; Path=/`, home)
  }
}

// One whose `Secure` cookies are sent: the apps believe they are behind a proxy.
const home = 'https://127.0.0.1/'
