/** Tests of the public types. Compiled, never run. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  type Codec,
  CookieStore,
  type ErrorCode,
  FilesystemStore,
  type Options,
  type Reason,
  registry,
  type Session,
  type Store,
  save,
  type Values,
} from 'silverback'
import { cookieStore, filesystemStore } from 'silverback/gorilla'
import { codecsFromPairs, SecureCookie } from 'silverback/securecookie'

type Equals<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
function expect<_Holds extends true>(): void {}

declare const nodeRequest: IncomingMessage
declare const nodeResponse: ServerResponse
declare const http2Request: import('node:http2').Http2ServerRequest
declare const http2Response: import('node:http2').Http2ServerResponse

const store = new CookieStore({ keys: [new Uint8Array(32), 'text'] })

// Values are unknown until a session is typed.
const untyped = await store.get(nodeRequest, 'login')
expect<Equals<typeof untyped, Session<Values>>>()
expect<Equals<typeof untyped.values.foo, unknown>>()
untyped.values.foo = 'bar'

interface Login {
  userId: number
}
const typed = await store.get<Login>(nodeRequest, 'login')
expect<Equals<typeof typed.values.userId, number | undefined>>()
typed.values.userId = 7
delete typed.values.userId
// @ts-expect-error must be a number
typed.values.userId = '7'
// @ts-expect-error no such key
typed.values.name = 'x'

// The id is read-only.
expect<Equals<typeof typed.id, string | undefined>>()
// @ts-expect-error read-only
typed.id = 'chosen'

expect<Equals<typeof typed.reason, Reason | undefined>>()
expect<Equals<ReturnType<typeof typed.flashes>, unknown[]>>()
const texts: string[] = typed.flashes<string>('errors')
texts.push('')

typed.options.maxAge = 'session'
typed.options = { path: '/', maxAge: 60, httpOnly: true }
// @ts-expect-error not one of the three
typed.options.sameSite = 'Lax'

// Requests and responses of Node, HTTP/2 and the web.
await save(nodeRequest, nodeResponse)
await save(http2Request, http2Response)
await typed.save(new Request('http://localhost/'), new Response())
await typed.save(new Request('http://localhost/'), new Headers())
// @ts-expect-error a string is not a request
await store.get('request', 'login')

// Every store implements Store.
const stores: Store[] = [
  store,
  new FilesystemStore('folder', { codecs: codecsFromPairs(['key']) }),
  cookieStore('hash', 'block', null, undefined),
  filesystemStore('', 'hash'),
]
for (const each of stores) await registry(nodeRequest).get<Login>(each, 'login')

const codec: Codec = new SecureCookie({ hashKey: process.env.KEY })
expect<Equals<ReturnType<typeof codec.decode>, unknown>>()
// @ts-expect-error not a hash
new SecureCookie({ hashKey: 'key', hash: 'sha3' })

const options: Options = { maxAge: undefined, domain: undefined }
new CookieStore({ keys: [], options })

const code: ErrorCode = 'store-failed'
// @ts-expect-error not a code
const wrong: ErrorCode = 'oops'

export { code, wrong }
