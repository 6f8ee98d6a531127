/** Saves a session repeatedly until it is killed. Sends the number of each save to its parent. */

import { FilesystemStore } from 'silverback'
import { SecureCookie } from 'silverback/securecookie'
import { cookieHeader, nodeRequest, nodeResponse } from '../http/http.ts'

const [folder] = process.argv.slice(2)
const codec = new SecureCookie({ hashKey: 'a key', maxLength: 0 })
const store = new FilesystemStore(folder as string, { codecs: [codec] })

let cookie: string | undefined
for (let n = 0; ; n++) {
  const request = nodeRequest(cookie)
  const response = nodeResponse()
  const session = await store.get(request, 'sid')
  session.values = { n, data: String(n % 10).repeat(20_000) }
  await session.save(request, response)
  cookie = cookieHeader(response)
  process.send?.(n)
}
