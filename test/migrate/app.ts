/** Test apps on local ports, and a browser that keeps their cookies. */

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

/** Serves the app until the enclosing tests end. Returns its URL. */
export async function serve(app: RequestListener): Promise<string> {
  const server = createServer(app).listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  after(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** The response of {@link ownApp}. */
export interface OwnResponse {
  values: Record<string, unknown>
  isNew: boolean
  renewal?: string
}

/** An app with a session of this library: `/` returns and saves it, `/out` ends it. */
export function ownApp(options: CookieStoreOptions, name = 'sid'): RequestListener {
  const store = new CookieStore(options)

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<OwnResponse> {
    const session = await store.get(request, name)
    const { values, isNew, renewal } = session
    if (request.url === '/out') session.options.maxAge = 0
    await save(request, response)
    return { values, isNew, ...(renewal && { renewal }) }
  }

  return (request, response) => {
    respond(request, response).then(
      result => response.end(JSON.stringify(result)),
      error => response.writeHead(500).end(String(error)),
    )
  }
}

/** Keeps cookies as browsers do. All apps run on one host, and cookies are shared between ports. */
export class Browser {
  readonly #jar = new CookieJar()

  /** Returns the body. Rejects if the status is an error. */
  async visit(url: string): Promise<string> {
    const cookie = this.header()
    const response = await fetch(url, cookie === '' ? {} : { headers: { cookie } })
    const body = await response.text()
    if (!response.ok) throw new Error(`${url}: ${response.status} ${body}`)
    for (const line of response.headers.getSetCookie()) this.#jar.setCookieSync(line, home)
    return body
  }

  async visitOwn(url: string): Promise<OwnResponse> {
    return JSON.parse(await this.visit(url)) as OwnResponse
  }

  /** The cookies that the browser sends, by name. */
  cookies(): Record<string, string> {
    const cookies = this.#jar.getCookiesSync(home)
    return Object.fromEntries(cookies.map(({ key, value }) => [key, value]))
  }

  /** The `Cookie` header. */
  header(): string {
    return this.#jar.getCookieStringSync(home)
  }

  /** Adds a cookie. */
  set(name: string, value: string): void {
    this.#jar.setCookieSync(`${name}=${value}; Path=/`, home)
  }
}

// An https URL, so that `Secure` cookies are kept and sent.
const home = 'https://127.0.0.1/'
