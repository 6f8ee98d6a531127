/** Silverback: its two cookie stores, and its server store over memory. */

import { CookieStore, registry, ServerStore, type Store } from 'silverback'
import { cookieStore } from 'silverback/gorilla'
import { memory } from 'silverback/memory'
import { newRequest, newResponse, setCookieLines } from '../http.ts'
import type { Library } from '../library.ts'

// go/visits.go has the same name and keys, because it reads the cookies of this store.
const name = 'session'
const hashKey = '0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef'
const blockKey = 'fedcba9876543210fedcba9876543210'

export const gorilla: Library = {
  name: 'silverback, gorilla store',
  does: "verifies HMAC-SHA-256, encrypts with AES-256-CTR, gob (Go's format, keeps Go's types)",
  lacks: "in 'read again', verification and decryption: it caches cookies that it has verified",
  ...operationsOn(cookieStore(hashKey, blockKey)),
}

export const sealed: Library = {
  name: 'silverback, CookieStore',
  does: 'encrypts and authenticates with AES-256-GCM; JSON, devalue for Date values',
  lacks: "in 'read again', verification and decryption: it caches cookies that it has verified",
  ...operationsOn(
    new CookieStore({
      keys: ['4f1c7a90e2b35d6884a7c01be95f3d22904e6bd1f87a3c5506dd19e8b2a47f3c'],
      options: { maxAge: 30 * 86_400 },
    }),
  ),
}

export const server: Library = {
  name: 'silverback, ServerStore, memory',
  does: 'looks the record up by the SHA-256 of the id, writes by compare-and-swap; JSON, devalue for Date values',
  lacks: 'data in the cookie, encryption, a signature of the id (it has 256 random bits)',
  ...operationsOn(new ServerStore(memory(), { options: { maxAge: 30 * 86_400 } })),
}

function operationsOn(store: Store): Pick<Library, 'read' | 'save'> {
  return {
    async read(cookie) {
      const session = await registry(newRequest(cookie)).get(store, name)
      return session.values
    },
    async save(cookie, change) {
      const request = newRequest(cookie)
      const response = newResponse(request)
      const session = await registry(request).get(store, name)
      change(session.values)
      await session.save(request, response)
      return setCookieLines(response)
    },
  }
}
