/** What the apps of frameworks on web requests have in common. */

import type { RequestLike, ResponseLike } from 'silverback'
import type { Answer, Visit } from 'silverback/testing/adapters'
import { type Place, sessionsAt } from './place.ts'

/** The visit of a handler that has a web request. */
export function webVisit(
  request: Request,
  place: Place,
  saving: { request?: RequestLike; response: ResponseLike },
): Visit {
  const { pathname, search } = new URL(request.url)
  return {
    path: pathname + search,
    ...sessionsAt(place),
    request: saving.request ?? request,
    response: saving.response,
    body: () => request.text(),
  }
}

/** The answer as a Response, beside the headers that are there already. */
export function webResponse(answer: Answer | undefined, before = new Headers()): Response {
  const { redirect, body = '' } = answer ?? {}
  const { status = redirect ? 302 : 200, headers = {} } = answer ?? {}
  const all = new Headers(before)
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
