/**
 * Reads submitted forms.
 *
 * @module
 */

import type { IncomingMessage } from 'node:http'

const maxBytes = 64 * 1024

/**
 * Resolves to the fields of a form, or to undefined if it is larger than 64 KiB. Reads an oversized body to
 * its end, because browsers ignore a response that arrives while they are still sending.
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
