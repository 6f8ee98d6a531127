import { CookieStore, ServerStore, type Session } from 'silverback'
import { memory } from 'silverback/memory'

const keys = [Uint8Array.from({ length: 32 }, (_, index) => index)]

/** A session that is saved at once, and one whose save is waited for. */
export const sources = {
  cookie: { store: new CookieStore({ keys }), name: 'cookie' },
  server: { store: new ServerStore(memory(), { keys }), name: 'server' },
}

/** Counts the visit in each session. */
export function count(context: object) {
  const { sessions } = context as { sessions: Record<'cookie' | 'server', Session<{ n?: number }>> }
  return { cookie: sessions.cookie.increment('n'), server: sessions.server.increment('n') }
}

/** What an internal request has received. */
export async function received(response: Response) {
  return {
    status: response.status,
    body: await response.text(),
    cookies: response.headers.getSetCookie(),
  }
}
