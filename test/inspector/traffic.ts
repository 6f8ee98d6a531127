/** An app whose visitors use it for an hour, always in the same way, for pictures of the inspector. */

import { CookieStore, defineSession, type RequestLike, ServerStore, type Session } from 'silverback'
import { deviceLabel } from 'silverback/devices'
import { type Inspector, inspector } from 'silverback/inspector'
import { memory } from 'silverback/memory'
import { keys } from '../support/keys.ts'

const agents = [
  'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15',
]
const owners = ['ann@example.com', 'bob@example.com', 'carla@example.com', 'dmitri@example.com']
const paths = ['/', '/cart', '/account', '/checkout', '/api/items/8f14e45fceea167a5a36dedd']

/** Opens the app, and lets an hour pass. */
export async function busyApp(): Promise<Inspector> {
  let seed = 7
  /** A whole number below `limit`. */
  const random = (limit: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
    return Math.floor((seed / 2 ** 31) * limit)
  }
  const pick = <Item>(items: readonly Item[]): Item => items[random(items.length)] as Item
  const end = Date.UTC(2026, 0, 31, 12, 5, 9)
  let at = end - 3600_000
  const now = (): number => Math.floor(at / 1000)
  const address = (): string => `203.0.113.${random(255)}`
  const store = new ServerStore(memory({ now }), {
    keys,
    now,
    devices: { label: deviceLabel, address },
  })
  const login = defineSession<Record<string, unknown>>(store, 'login')
  const theme = new CookieStore({ keys, now })
  const panel = inspector({ stores: { login, theme }, authorize: () => true, nowMs: () => at })

  const cookies: string[] = []
  const visit = async (
    cookie: string | undefined,
    act: (session: Session) => void,
  ): Promise<void> => {
    const headers = { 'user-agent': pick(agents), ...(cookie && { cookie }) }
    const method = random(3) ? 'GET' : 'POST'
    const request: RequestLike & { method: string; url: string } = {
      method,
      url: pick(paths),
      headers,
    }
    const response = new Headers()
    const session = await login.get(request)
    act(session as Session)
    await session.save(request, { headers: response } as Response)
    const [line] = response.getSetCookie()
    if (line) cookies.push(line.split(';', 1)[0] as string)
  }
  while (at < end - 30_000) {
    const visitors = random(4)
    for (let index = 0; index < visitors; index++) {
      await visit(undefined, session => {
        if (random(3)) session.login(pick(owners))
        session.values.user = {
          id: 4711,
          name: 'Ann Example',
          address: { city: 'Lyon', zip: '69001' },
        }
        session.values.cart = [{ sku: 'B-100', count: 2 }]
        session.values.accessToken = 'secret'
        session.values.lastVisit = new Date(at)
      })
      for (let request = 0; request < 3; request++) {
        await visit(pick(cookies), session => {
          if (!random(5)) session.values.page = random(9)
          if (!random(30)) session.destroy()
        })
      }
    }
    if (!random(4)) await visit(`login=${'A'.repeat(90)}`, () => {})
    at += 20_000 + random(20_000)
  }
  at = end
  return panel
}
