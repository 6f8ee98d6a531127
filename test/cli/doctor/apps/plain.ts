/** An app without a session library. It makes the mistakes that libraries prevent. */

import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { accountPage, formOf, listen, loginPage, newToken, type Site, userOf } from './site.ts'

interface Session {
  csrf: string
  user?: string
}

export interface PlainFaults {
  readonly name?: string
  readonly attributes?: string
  readonly newId?: () => string
  /** Takes the id of the request, even if it is unknown. */
  readonly adoptsIds?: boolean
  /** How many characters of the id count. */
  readonly comparedLength?: number
  /** More lines for the responses that set the session. */
  readonly extraCookies?: (path: string) => string[]
  readonly failsOnUnknownIds?: boolean
  /** The action of the sign-in form. */
  readonly loginAction?: string
  readonly logoutMethod?: 'GET'
}

export function plainApp(faults: PlainFaults = {}): Promise<Site> {
  const {
    name = 'sid',
    attributes = 'Path=/; HttpOnly; SameSite=Lax',
    newId = () => randomBytes(16).toString('hex'),
    comparedLength = Number.POSITIVE_INFINITY,
  } = faults
  const sessions = new Map<string, Session>()
  const keyOf = (id: string) => id.slice(0, comparedLength)

  function begin(request: IncomingMessage, response: ServerResponse, id = newId()): Session {
    const session = { csrf: newToken() }
    sessions.set(keyOf(id), session)
    const secure = request.headers['x-forwarded-proto'] === 'https' ? '; Secure' : ''
    const extra = faults.extraCookies?.(request.url as string) ?? []
    const lines = [`${name}=${id}; ${attributes}${secure}`, ...extra]
    response.setHeader('set-cookie', lines)
    return session
  }

  return listen(async (request, response) => {
    response.setHeader('cache-control', 'no-store')
    const id = idOf(request, name)
    const session = id === undefined ? undefined : sessions.get(keyOf(id))
    if (id !== undefined && !session && faults.failsOnUnknownIds) {
      return void response.writeHead(500).end('Cannot read properties of undefined')
    }
    const adopted = faults.adoptsIds ? id : undefined
    const redirect = (location: string) => void response.writeHead(303, { location }).end()
    const path = request.url as string
    switch (`${request.method} ${path}`) {
      case 'GET /':
        return void response.end('<h1>Welcome</h1>')
      case 'GET /login': {
        const { csrf } = session ?? begin(request, response, adopted)
        const action = faults.loginAction ?? '/login'
        return void response.end(loginPage(csrf).replace('/login', action))
      }
      case 'POST /login': {
        const user = userOf(await formOf(request), session?.csrf)
        if (user === undefined) return void response.writeHead(401).end('Wrong')
        if (id !== undefined) sessions.delete(keyOf(id))
        begin(request, response, adopted).user = user
        return redirect('/account')
      }
      case 'GET /account':
        if (session?.user === undefined) return redirect('/login')
        return void response.end(
          faults.logoutMethod === 'GET' ? `Hello ${session.user}` : accountPage(session.user),
        )
      case `${faults.logoutMethod ?? 'POST'} /logout`:
        if (id !== undefined) sessions.delete(keyOf(id))
        response.setHeader('set-cookie', `${name}=; ${attributes}; Max-Age=0`)
        return redirect('/')
      default:
        return void response.writeHead(404).end()
    }
  })
}

function idOf({ headers }: IncomingMessage, name: string): string | undefined {
  const pairs = (headers.cookie ?? '').split('; ').map(pair => pair.split('='))
  return pairs.find(([each]) => each === name)?.[1]
}
