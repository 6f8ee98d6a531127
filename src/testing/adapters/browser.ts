/**
 * A minimal browser: requests over real connections, and a cookie jar.
 *
 * @module
 */

/** The head of a response. */
export interface Head {
  readonly status: number
  /** The reason phrase. */
  readonly reason: string
  /** The last value of each header, without `set-cookie`. */
  readonly headers: Readonly<Record<string, string | undefined>>
  /** The values of the `Set-Cookie` headers. */
  readonly cookies: readonly string[]
}

/** A complete response. */
export interface Page extends Head {
  readonly text: string
}

/** Options of a request. */
export interface RequestOptions {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string | string[]>>
  readonly body?: string
}

/** A response body that may not have arrived yet. */
export interface ResponseBody {
  /** Waits for the first chunk. */
  begun(): Promise<void>
  /** Reads the whole body. Rejects if the connection is cut. */
  text(): Promise<string>
  /** Closes the connection, whether or not the body has arrived. */
  leave(): Promise<void>
}

/** A response whose head has arrived. */
export interface OpenedResponse extends ResponseBody {
  readonly head: Head
}

/** Sends requests. */
export interface Client {
  /**
   * Sends a request and waits for the head of the response.
   *
   * @param keepAlive - use one shared connection instead of a new one
   */
  open(
    origin: string,
    path: string,
    options: RequestOptions,
    keepAlive: boolean,
  ): Promise<OpenedResponse>
  /** Sends a GET request with raw header lines. The body is everything that the server sends back. */
  raw(origin: string, path: string, headerLines: readonly string[]): Promise<ResponseBody>
}

/** The browser of one visitor. */
export class Browser {
  readonly #client: Client
  readonly #origin: string
  readonly #keepAlive: boolean
  /** Cookie values by name. */
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

  /** Sends a request, waits for the whole response and stores its cookies. Does not follow redirects. */
  async get(path: string, options: RequestOptions = {}): Promise<Page> {
    const opened = await this.open(path, options)
    return { ...opened.head, text: await opened.text() }
  }

  /** Sends a request and follows redirects. */
  async follow(path: string, options: RequestOptions = {}): Promise<Page> {
    let page = await this.get(path, options)
    while (page.headers.location !== undefined) page = await this.get(page.headers.location)
    return page
  }

  /** Sends a request, waits for the head of the response and stores its cookies. */
  async open(path: string, options: RequestOptions = {}): Promise<OpenedResponse> {
    const cookie = this.cookieHeader
    const headers = { ...(cookie && { cookie }), ...options.headers }
    const opened = await this.#client.open(
      this.#origin,
      path,
      { ...options, headers },
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

/** The `Set-Cookie` line for this name, or undefined. Throws if there are several. */
export function cookieOf(page: Pick<Page, 'cookies'>, name: string): string | undefined {
  const lines = page.cookies.filter(line => line.startsWith(`${name}=`))
  if (lines.length > 1) throw new Error(`${lines.length} Set-Cookie lines for ${name}`)
  return lines[0]
}

/**
 * The attributes of a `Set-Cookie` line, sorted. The value of SameSite is capitalised, because some frameworks
 * write it in lower case, which is equivalent (RFC 6265bis §5.6.7).
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
