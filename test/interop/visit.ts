/** One request to a TypeScript program, with what a browser would send and keep. */

import { randomBytes } from 'node:crypto'
import type { Session, Store } from 'silverback'
import { Cookie } from 'tough-cookie'
import { nodeRequest, nodeResponse, setCookieLines } from '../support/http/http.ts'

/** The name of the sessions in these tests. */
export const name = 'shared'

/** Keys of a store: hash key, block key, older hash key, … */
export type KeyPairs = readonly (Buffer | null)[]

/** Keys as the Go program takes them. */
export function hexKeys(pairs: KeyPairs): (string | null)[] {
  return pairs.map(key => key?.toString('hex') ?? null)
}

/** Random keys of these lengths; 0 for none. */
export function newKeys(...lengths: number[]): KeyPairs {
  return lengths.map(length => (length === 0 ? null : randomBytes(length)))
}

/** The session that a cookie value stands for; without one, a new one. */
export function load(store: Store, cookie?: string): Promise<Session> {
  return store.get(nodeRequest(cookie === undefined ? undefined : `${name}=${cookie}`), name)
}

/** What a program sent. */
export interface Sent {
  session: Session
  /** The whole `Set-Cookie` line. */
  setCookie: string
  /** The value in it, as a browser keeps it. */
  value: string
}

/** Loads a session, changes it and saves it. */
export async function visit(
  store: Store,
  cookie: string | undefined,
  change: (session: Session) => void,
): Promise<Sent> {
  const request = nodeRequest(cookie === undefined ? undefined : `${name}=${cookie}`)
  const response = nodeResponse(request)
  const session = await store.get(request, name)
  change(session)
  await session.save(request, response)
  const [setCookie] = setCookieLines(response)
  if (setCookie === undefined) throw new Error('no cookie was set')
  return { session, setCookie, value: Cookie.parse(setCookie)?.value ?? '' }
}
