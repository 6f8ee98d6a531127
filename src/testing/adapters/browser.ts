/**
 * The part of a browser that the suite needs: requests over real connections, and cookies.
 *
 * @module
 */

/** The beginning of an answer. */
export interface Head {
  readonly status: number
  /** The text beside the status. */
  readonly reason: string
  /** Of each header the last, but for `set-cookie`. */
  readonly headers: Readonly<Record<string, string | undefined>>
  /** The `Set-Cookie` lines. */
  readonly cookies: readonly string[]
}

/** What came back. */
export interface Page extends Head {
  readonly text: string
}

/** What may be said of a request. */
export interface Asking {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string | string[]>>
  readonly body?: string
}

/** A body that may be still to come. */
export interface Coming {
  /** Waits for the first piece. */
  begun(): Promise<void>
  /** All of it. Rejects when it is cut off. */
  text(): Promise<string>
  /** Goes away, whether it is there or not. */
  leave(): Promise<void>
}

/** An answer of which the head is there. */
export interface Opened extends Coming {
  readonly head: Head
}

/** Who sends requests. */
export interface Client {
  /**
   * Sends a request and waits for the head of the answer.
   *
   * @param isKept - on the one connection that is kept, instead of one of its own
   */
  open(origin: string, path: string, asking: Asking, isKept: boolean): Promise<Opened>
  /** Sends a GET that no HTTP client would send. What comes is all that the connection answers. */
  raw(origin: string, path: string, headerLines: readonly string[]): Promise<Coming>
}

/** One visitor. */
export class Browser {
  readonly #client: Client
  readonly #origin: string
  readonly #keepAlive: boolean
  /** Cookies by name, as the browser would send them. */
  readonly jar = new Map<string, string>()

  constructor(client: Client, origin: string, { keepAlive = false }: { keepAlive?: boolean } = {}) {
    this.#client = client
    this.#origin = origin
    this.#keepAlive = keepAlive
  }

  /** The `Cookie` header for the next request. */
  get cookieHeader(): string {
    return [...this.jar].map(([name, value]) => `${name}=${value}`).join('; ')
  }

  /** Asks, waits for the whole answer and keeps its cookies. Redirects are not followed. */
  async get(path: string, asking: Asking = {}): Promise<Page> {
    const opened = await this.open(path, asking)
    return { ...opened.head, text: await opened.text() }
  }

  /** Asks until an answer is no redirect any more. */
  async follow(path: string, asking: Asking = {}): Promise<Page> {
    let page = await this.get(path, asking)
    while (page.headers.location !== undefined) page = await this.get(page.headers.location)
    return page
  }

  /** Asks and waits for the head of the answer. Its cookies are kept. */
  async open(path: string, asking: Asking = {}): Promise<Opened> {
    const cookie = this.cookieHeader
    const headers = { ...(cookie && { cookie }), ...asking.headers }
    const opened = await this.#client.open(
      this.#origin,
      path,
      { ...asking, headers },
      this.#keepAlive,
    )
    for (const line of opened.head.cookies) this.#keep(line)
    return opened
  }

  #keep(line: string): void {
    const [pair = '', ...attributes] = line.split('; ')
    const [name, value] = splitAt(pair, '=')
    if (attributes.includes('Max-Age=0')) this.jar.delete(name)
    else this.jar.set(name, value)
  }
}

/** The value and the attributes of the one cookie of this name that was set; undefined for none. */
export function cookieOf(page: Pick<Page, 'cookies'>, name: string): string | undefined {
  const lines = page.cookies.filter(line => line.startsWith(`${name}=`))
  if (lines.length > 1) throw new Error(`${lines.length} Set-Cookie lines for ${name}`)
  return lines[0]
}

/**
 * The attributes of a `Set-Cookie` line, in the order of the alphabet. Some frameworks write the value of
 * SameSite in small letters, which makes no difference (RFC 6265bis §5.6.7).
 */
export function attributesOf(line: string | undefined): string[] {
  const [, ...attributes] = (line ?? '').split('; ')
  const capitalized = attributes.map(each =>
    each.replace(/^SameSite=./, start => start.slice(0, -1) + start.slice(-1).toUpperCase()),
  )
  return capitalized.sort()
}

function splitAt(text: string, separator: string): [string, string] {
  const index = text.indexOf(separator)
  return [text.slice(0, index), text.slice(index + 1)]
}
