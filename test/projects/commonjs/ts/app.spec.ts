import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { app as expressSession } from './app'
import { app as silverback } from './login'

const apps = { expressSession, silverback }

test.each(['expressSession', 'silverback'] as const)('%s counts visits', async name => {
  const server = apps[name].listen(0)
  await once(server, 'listening')
  const url = `http://localhost:${(server.address() as AddressInfo).port}/`
  const first = await fetch(url)
  const [cookie = ''] = first.headers.getSetCookie()[0]?.split(';') ?? []
  const second = await fetch(url, { headers: { cookie } })
  expect([await first.text(), await second.text()]).toEqual(['1', '2'])
  server.closeAllConnections()
  server.close()
})
