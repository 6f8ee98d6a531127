/**
 * Sends the requests of a visit and records them.
 *
 * @module
 */

import { CookieJar } from '../../testing/app/cookie-jar.ts'
import { splitPair } from '../../testing/app/set-cookie.ts'
import { FailedError } from '../lib/exit-codes.ts'
import { printable } from '../lib/style.ts'
import { NoResponseError, type Send } from './client.ts'
import type { Exchange, Pair, Step } from './exchange.ts'

const maxRedirects = 5

export interface Request {
  readonly step: Step
  readonly url: URL
  readonly cookies?: readonly Pair[]
  readonly target?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly method?: 'GET' | 'POST'
  /** For POST. */
  readonly body?: Body
}

export interface Body {
  /** The value of `Content-Type`. */
  readonly type: string
  readonly text: string
}

/** Sends requests one after another and keeps the exchanges. */
export class Recorder {
  readonly exchanges: Exchange[] = []
  readonly #send: Send
  readonly #isBehindProxy: boolean

  /** @param isBehindProxy - whether every request claims that a proxy has received it over HTTPS */
  constructor(send: Send, isBehindProxy: boolean) {
    this.#send = send
    this.#isBehindProxy = isBehindProxy
  }

  /** Sends one request. Redirects are not followed. */
  async send(request: Request): Promise<Exchange> {
    const { method = 'GET', url, cookies = [], headers = {}, body } = request
    const response = await this.#send({
      method,
      url,
      cookies,
      headers: {
        ...(this.#isBehindProxy && { 'x-forwarded-proto': 'https' }),
        ...(method === 'POST' && {
          origin: this.visibleUrl(url).origin,
          referer: this.visibleUrl(url).href,
        }),
        ...(body && { 'content-type': body.type }),
        ...headers,
      },
      ...(method === 'POST' && { body: body?.text ?? '' }),
    })
    return this.#record(request, response)
  }

  /** Sends one request that may make the server fail: without a response, it is recorded too. */
  async try(request: Request): Promise<Exchange> {
    try {
      return await this.send(request)
    } catch (error) {
      if (!(error instanceof NoResponseError)) throw error
      return this.#record(request, undefined)
    }
  }

  #record(request: Request, response: Exchange['response']): Exchange {
    const { step, target, method = 'GET', url, cookies = [], headers = {} } = request
    const exchange: Exchange = {
      step,
      ...(target !== undefined && { target }),
      method,
      url,
      sent: cookies,
      isHttps:
        this.visibleUrl(url).protocol === 'https:' || headers['x-forwarded-proto'] === 'https',
      response,
    }
    this.exchanges.push(exchange)
    return exchange
  }

  /** The URL as the visitor sees it: HTTPS, if a proxy is in front of the app. */
  visibleUrl(url: URL): URL {
    if (!this.#isBehindProxy) return url
    return new URL(url.href.replace(/^http:/, 'https:'))
  }
}

/** One visitor, with cookies as a browser keeps them. */
export class Visitor {
  readonly #recorder: Recorder
  readonly #jar = new CookieJar()

  constructor(recorder: Recorder) {
    this.#recorder = recorder
  }

  /** The cookies that the visitor sends to a URL. */
  cookies(url: URL): Pair[] {
    const header = this.#jar.header(this.#recorder.visibleUrl(url))
    return header === '' ? [] : header.split('; ').map(splitPair)
  }

  /** Adds a cookie that the app has not set. */
  plant(name: string, value: string, url: URL): void {
    const headers = { 'set-cookie': [`${name}=${value}; Path=/`] }
    this.#jar.receive({ headers }, this.#recorder.visibleUrl(url))
  }

  /** Sends one request. Redirects are not followed. */
  async once(request: Omit<Request, 'cookies'>): Promise<Exchange> {
    const { url } = request
    const exchange = await this.#recorder.send({ ...request, cookies: this.cookies(url) })
    if (exchange.response) this.#jar.receive(exchange.response, this.#recorder.visibleUrl(url))
    return exchange
  }

  /**
   * Sends a request and follows its redirects on the same host. Resolves with the last exchange, which may be a redirect
   * to another host. Rejects with a {@link FailedError} after five redirects.
   */
  async go(request: Omit<Request, 'cookies'>): Promise<Exchange> {
    let next: Omit<Request, 'cookies'> = request
    for (let count = 0; count <= maxRedirects; count++) {
      const exchange = await this.once(next)
      const { response, url } = exchange
      const target = redirectOf(exchange)
      if (!target || !isSameHost(target, url)) return exchange
      const keepsMethod = response?.status === 307 || response?.status === 308
      next = keepsMethod ? { ...next, url: target } : { step: next.step, url: target }
    }
    throw new FailedError(
      `${printable(withoutQuery(request.url))} redirects more than ${maxRedirects} times, at last to ${printable(withoutQuery(next.url))}.`,
    )
  }
}

/** An app can put a session id into the query. */
function withoutQuery({ origin, pathname }: URL): string {
  return origin + pathname
}

/** Where a response redirects to. */
export function redirectOf({ response, url }: Exchange): URL | undefined {
  const location = response?.headers.location
  const isRedirect = response && [301, 302, 303, 307, 308].includes(response.status)
  return isRedirect && location !== undefined && URL.canParse(location, url.href)
    ? new URL(location, url)
    : undefined
}

/** Whether a redirect stays at the app: the same host and port, or HTTPS instead of HTTP. */
export function isSameHost(target: URL, from: URL): boolean {
  const isUpgrade =
    target.hostname === from.hostname && from.protocol === 'http:' && target.protocol === 'https:'
  return target.origin === from.origin || isUpgrade
}
