/** An app on iron-session and plain node:http, without faults unless they are asked for. */

import { randomUUID } from 'node:crypto'
import { getIronSession, type SessionOptions } from 'iron-session'
import {
  accountPage,
  formOf,
  listen,
  loginPage,
  newToken,
  type Site,
  secret,
  userOf,
} from './site.ts'

interface Data {
  csrf?: string
  user?: string
  id?: string
}

export interface IronFaults {
  readonly cookieOptions?: SessionOptions['cookieOptions']
  readonly options?: Partial<SessionOptions>
  /** Whether ended sessions are forgotten, as iron-session does by itself. */
  readonly onlyClearsCookie?: boolean
  readonly cacheControl?: string
}

export function ironSessionApp(faults: IronFaults = {}): Promise<Site> {
  const ended = new Set<string>()
  return listen(async (request, response) => {
    if (request.url === '/') return void response.end('<h1>Welcome</h1>')
    const session = await getIronSession<Data>(request, response, {
      password: secret,
      cookieName: 'app',
      ttl: 86_400,
      ...faults.options,
      cookieOptions: {
        secure: request.headers['x-forwarded-proto'] === 'https',
        ...faults.cookieOptions,
      },
    })
    const redirect = (location: string) => void response.writeHead(303, { location }).end()
    response.setHeader('cache-control', faults.cacheControl ?? 'no-store')
    switch (`${request.method} ${request.url}`) {
      case 'GET /login':
        session.csrf ??= newToken()
        await session.save()
        return void response.end(loginPage(session.csrf))
      case 'POST /login': {
        const user = userOf(await formOf(request), session.csrf)
        if (user === undefined) return void response.writeHead(401).end('Wrong')
        Object.assign(session, { user, id: randomUUID() })
        await session.save()
        return redirect('/account')
      }
      case 'GET /account':
        if (session.user === undefined || ended.has(session.id as string)) return redirect('/login')
        return void response.end(accountPage(session.user))
      case 'POST /logout':
        if (!faults.onlyClearsCookie) ended.add(session.id as string)
        session.destroy()
        return redirect('/')
      default:
        return void response.writeHead(404).end()
    }
  })
}
