/** An app whose sessions need one to six cookies. */

import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { CookieStore, save } from 'silverback'
import { keys } from '../support/keys.ts'

/** Runs `visits` against a server that accepts long headers. */
export async function serving(
  handler: RequestListener,
  visits: (address: string) => Promise<void>,
): Promise<void> {
  const server = createServer({ maxHeaderSize: 65_536 }, handler)
  await new Promise<void>(resolve => server.listen(0, 'localhost', resolve))
  try {
    await visits(`http://localhost:${(server.address() as AddressInfo).port}`)
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

export const cookieNames = ({ headers }: IncomingMessage): string =>
  (headers.cookie ?? '')
    .split('; ')
    .map(pair => pair.split('=')[0])
    .sort()
    .join()

/** Stores a text of the length given in the path. */
const store = new CookieStore({ keys, tooLarge: 'chunk', maxTotalBytes: 24_600 })
export const sessions: RequestListener = async (request, response) => {
  const session = await store.get<{ text?: string }>(request, 'sid')
  const length = Number(request.url?.slice(1))
  // Any other path, such as `/show` or the icon that browsers request.
  if (Number.isNaN(length)) {
    response.end(`${cookieNames(request)} ${session.values.text?.length ?? session.reason}`)
    return
  }
  session.values.text = 'x'.repeat(length)
  if (length === 0) session.options.maxAge = 0
  await save(request, response)
  response.end('saved')
}

/** Numbers of cookies, each with a length of text that needs that many. */
export const lengths: (readonly [count: number, length: number])[] = [1, 2, 3, 4, 5, 6].map(
  count => [count, 2900 * count - 1000] as const,
)
export const namesFor = (count: number): string =>
  ['sid', ...Array.from({ length: count - 1 }, (_, index) => `sid.${index + 1}`)].join()
