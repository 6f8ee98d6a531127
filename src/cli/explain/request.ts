/**
 * Requests whose cookies are explained.
 *
 * @module
 */

/** A request, and its response if that was recorded. */
export interface RecordedRequest {
  readonly method: string
  /** undefined if it is no valid URL. */
  readonly url: URL | undefined
  /** The `Cookie` header; undefined if the request had none. */
  readonly cookie: string | undefined
  /** The `Set-Cookie` lines of the response. */
  readonly setCookie: readonly string[]
  readonly status: number | undefined
  /** When it was sent: Unix time in seconds. */
  readonly startedAt: number | undefined
}

/** The URL of a request without its query, which may have secrets. */
export function addressOf({ method, url }: Pick<RecordedRequest, 'method' | 'url'>): string {
  return `${method} ${url ? `${url.origin}${url.pathname}` : '(no URL)'}`
}
