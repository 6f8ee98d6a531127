/** Helpers for apps of frameworks on web requests. */

import type { RequestLike, ResponseLike } from 'silverback'
import type { TestResponse, Visit } from 'silverback/testing/adapters'
import { type SessionHolder, sessionsAt } from './session-holder.ts'

/** The visit for a handler with a web request. */
export function webVisit(
  request: Request,
  holder: SessionHolder,
  saving: { request?: RequestLike; response: ResponseLike },
): Visit {
  const { pathname, search } = new URL(request.url)
  return {
    path: pathname + search,
    ...sessionsAt(holder),
    request: saving.request ?? request,
    response: saving.response,
    body: () => request.text(),
  }
}

/** Makes a Response from the result, with additional headers. */
export function webResponse(result: TestResponse | undefined, initial = new Headers()): Response {
  const { redirect, body = '' } = result ?? {}
  const { status = redirect ? 302 : 200, headers = {} } = result ?? {}
  const all = new Headers(initial)
  for (const [name, value] of Object.entries(headers)) {
    for (const each of [value].flat()) all.append(name, each)
  }
  if (redirect) all.set('location', redirect)
  const isEmpty = [204, 304].includes(status)
  return new Response(isEmpty ? null : bodyOf(body), { status, headers: all })
}

function bodyOf(body: string | AsyncIterable<string>): BodyInit {
  if (typeof body === 'string') return body
  const chunks = body[Symbol.asyncIterator]()
  const encoder = new TextEncoder()
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await chunks.next()
      if (done) controller.close()
      else controller.enqueue(encoder.encode(value))
    },
    async cancel() {
      await chunks.return?.()
    },
  })
}
