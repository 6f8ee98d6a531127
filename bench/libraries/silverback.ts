/** Silverback's cookie stores, and its store on the server over memory. */

import { CookieStore, registry, ServerStore, type Store } from 'silverback'
import { cookieStore } from 'silverback/gorilla'
import { memory } from 'silverback/memory'
import { newRequest, newResponse, setCookieLines } from '../http.ts'
import type { Library } from '../library.ts'

// Of go/visits.go too, which reads the cookies of this store.
const name = 'session'
const hashKey = '0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef'
const blockKey = 'fedcba9876543210fedcba9876543210'

export const gorilla: Library = {
  name: 'silverback, gorilla store',
  does: "verifies HMAC-SHA-256, encrypts with AES-256-CTR, gob: Go's format, types kept",
  lacks: "in 'read again', verifying and decrypting: it remembers texts that it verified",
  ...visitsOf(cookieStore(hashKey, blockKey)),
}

export const sealed: Library = {
  name: 'silverback, CookieStore',
  does: 'encrypts and authenticates with AES-256-GCM; JSON, with devalue for the Date',
  lacks: "in 'read again', verifying and decrypting: it remembers texts that it verified",
  ...visitsOf(
    new CookieStore({
      keys: ['4f1c7a90e2b35d6884a7c01be95f3d22904e6bd1f87a3c5506dd19e8b2a47f3c'],
      options: { maxAge: 30 * 86_400 },
    }),
  ),
}

export const server: Library = {
  name: 'silverback, ServerStore, memory',
  does: 'looks for the SHA-256 of the id, writes by compare-and-swap; JSON, with devalue for the Date',
  lacks: 'data in the cookie, encryption, a signature of the id, which has 256 random bits',
  ...visitsOf(new ServerStore(memory(), { options: { maxAge: 30 * 86_400 } })),
}

function visitsOf(store: Store): Pick<Library, 'read' | 'save'> {
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
