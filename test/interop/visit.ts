/** Simulates one request to a TypeScript program, with the cookies of a browser. */

import { randomBytes } from 'node:crypto'
import type { Session, Store } from 'silverback'
import { Cookie } from 'tough-cookie'
import { nodeRequest, nodeResponse, setCookieLines } from '../support/http/http.ts'

/** The name of the sessions in these tests. */
export const name = 'shared'

/** Keys of a store: hash key, block key, older hash key, … */
export type KeyPairs = readonly (Buffer | null)[]

/** The keys in the form that the Go program takes. */
export function hexKeys(pairs: KeyPairs): (string | null)[] {
  return pairs.map(key => key?.toString('hex') ?? null)
}

/** Random keys of these lengths in bytes. 0 stands for no key. */
export function newKeys(...lengths: number[]): KeyPairs {
  return lengths.map(length => (length === 0 ? null : randomBytes(length)))
}

/** Loads the session with this cookie value, or a new session. */
export function load(store: Store, cookie?: string): Promise<Session> {
  return store.get(nodeRequest(cookie === undefined ? undefined : `${name}=${cookie}`), name)
}

/** The result of a visit. */
export interface Sent {
  session: Session
  /** The whole `Set-Cookie` header. */
  setCookie: string
  /** The cookie value in it. */
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
