/**
 * Reading a form that a browser sent.
 *
 * @module
 */

import type { IncomingMessage } from 'node:http'

const maxBytes = 64 * 1024

/**
 * The fields of the form, or undefined when it has more than 64 KiB. What is too much is read and
 * dropped, so that the browser is there for the answer.
 */
export async function readForm(request: IncomingMessage): Promise<URLSearchParams | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size <= maxBytes) chunks.push(chunk)
  }
  return size > maxBytes ? undefined : new URLSearchParams(Buffer.concat(chunks).toString())
}
