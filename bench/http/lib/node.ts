/** The routes for `node:http`. */

import type { ServerResponse } from 'node:http'
import { bodyOf, type Content, newContent } from '../content.ts'

/** Responds to a request for this URL, with the session's content. */
export function respond(url: string, content: Content, response: ServerResponse): void {
  if (url.startsWith('/login/')) Object.assign(content, newContent(url.slice('/login/'.length)))
  else if (url === '/change') content.visits += 1
  const body = JSON.stringify(bodyOf(content))
  response.setHeader('Content-Type', 'application/json')
  response.setHeader('Content-Length', Buffer.byteLength(body))
  response.end(body)
}
