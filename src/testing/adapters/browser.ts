/**
 * The part of a browser that the suite needs: requests over real connections, and cookies.
 *
 * @module
 */

// biome-ignore lint/suspicious/noTsIgnore: an error only where the types of Node are not installed
/** @ts-ignore Without the types of Node this is any. */
import type { IncomingMessage } from 'node:http'
import { Agent, request } from 'node:http'
// biome-ignore lint/suspicious/noTsIgnore: as above
/** @ts-ignore As above. */
import type { Socket } from 'node:net'
import { connect } from 'node:net'

/** What came back. */
export interface Page {
  readonly status: number
  /** Of each header the last, but for `set-cookie`. */
  readonly headers: Readonly<Record<string, string | undefined>>
  /** The `Set-Cookie` lines. */
  readonly cookies: readonly string[]
  readonly text: string
}

/** What may be said of a request. */
export interface Asking {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string | string[]>>
  readonly body?: string
}

/** One visitor. */
export class Browser {
  readonly #origin: string
  readonly #agent: Agent
  /** Cookies by name, as the browser would send them. */
  readonly jar = new Map<string, string>()

  constructor(origin: string, { keepAlive = false }: { keepAlive?: boolean } = {}) {
    this.#origin = origin
    this.#agent = new Agent({ keepAlive, maxSockets: 1 })
  }

  /** The `Cookie` header for the next request. */
  get cookieHeader(): string {
    return [...this.jar].map(([name, value]) => `${name}=${value}`).join('; ')
  }

  /** Asks, waits for the whole answer and keeps its cookies. Redirects are not followed. */
  async get(path: string, asking: Asking = {}): Promise<Page> {
    const response = await this.open(path, asking)
    return { ...headOf(response), text: await textOf(response) }
  }

  /** Asks until an answer is no redirect any more. */
  async follow(path: string, asking: Asking = {}): Promise<Page> {
    let page = await this.get(path, asking)
    while (page.headers.location !== undefined) page = await this.get(page.headers.location)
    return page
  }

  /** Asks and waits for the head of the answer. Its cookies are kept. */
  async open(path: string, asking: Asking = {}): Promise<IncomingMessage> {
    const { method = 'GET', headers = {}, body } = asking
    const cookie = this.cookieHeader
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      request(new URL(path, this.#origin), {
        agent: this.#agent,
        method,
        headers: { ...(cookie && { cookie }), ...headers },
      })
        .on('response', resolve)
        .on('error', reject)
        .end(body)
    })
    for (const line of headOf(response).cookies) this.#keep(line)
    return response
  }

  #keep(line: string): void {
    const [pair = '', ...attributes] = line.split('; ')
    const [name, value] = splitAt(pair, '=')
    if (attributes.includes('Max-Age=0')) this.jar.delete(name)
    else this.jar.set(name, value)
  }
}

/** Status and headers of an answer. */
export function headOf(response: IncomingMessage): Omit<Page, 'text'> {
  const { 'set-cookie': cookies = [], ...headers } = response.headers
  return {
    status: response.statusCode ?? 0,
    headers: headers as Record<string, string | undefined>,
    cookies,
  }
}

/** The rest of an answer. Rejects when it is cut off. */
export async function textOf(response: IncomingMessage): Promise<string> {
  response.setEncoding('utf8')
  let text = ''
  for await (const chunk of response) text += chunk
  return text
}

/** A connection of its own, for what no HTTP client would send, with a request written to it. */
export async function rawRequest(
  origin: string,
  path: string,
  headers: readonly string[],
): Promise<Socket> {
  const { hostname, port } = new URL(origin)
  const socket = connect(Number(port), hostname)
  await new Promise<void>((resolve, reject) =>
    socket.once('connect', resolve).once('error', reject),
  )
  // A server may end the connection while it is written to.
  socket.on('error', () => {})
  const lines = [`GET ${path} HTTP/1.1`, 'Host: localhost', 'Connection: close', ...headers]
  socket.write(Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'))
  return socket
}

/** All that a connection answers until it ends. */
export async function rawAnswer(socket: Socket): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of socket) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('latin1')
}

/** The value and the attributes of the one cookie of this name that was set; undefined for none. */
export function cookieOf(page: Pick<Page, 'cookies'>, name: string): string | undefined {
  const lines = page.cookies.filter(line => line.startsWith(`${name}=`))
  if (lines.length > 1) throw new Error(`${lines.length} Set-Cookie lines for ${name}`)
  return lines[0]
}

/** The attributes of a `Set-Cookie` line, in the order of the alphabet. */
export function attributesOf(line: string | undefined): string[] {
  return (line ?? '').split('; ').slice(1).sort()
}

function splitAt(text: string, separator: string): [string, string] {
  const index = text.indexOf(separator)
  return [text.slice(0, index), text.slice(index + 1)]
}
