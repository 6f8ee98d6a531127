import assert from 'node:assert/strict'
import { test } from 'node:test'
import { measureSizes } from '../../bench/size/measure.ts'

test('sealed cookies are the smallest of the encrypted ones', async () => {
  const [sealed, ...others] = await measureSizes()
  assert.ok(sealed)
  assert.match(sealed.library, /CookieStore/)
  const encrypted = others.filter(({ encrypts }) => encrypts)
  assert.equal(encrypted.length, 3)
  for (const { library, bytes } of encrypted) {
    for (const [session, size] of Object.entries(bytes)) {
      assert.ok((sealed.bytes[session] as number) < size, `${library}, ${session}`)
    }
  }
})
