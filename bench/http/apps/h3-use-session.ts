/** h3 with its own `useSession`, which keeps the session in an encrypted cookie. */

import { H3, type SessionConfig, useSession } from 'h3'
import type { MakeServer } from '../app.ts'
import {
  bodyOf,
  type Content,
  cookieAttributes,
  cookieName,
  maxAge,
  newContent,
} from '../content.ts'
import { h3Server } from '../lib/h3.ts'

const config: SessionConfig = {
  name: cookieName,
  password: 'a password of the benchmark, 32 characters or more',
  maxAge,
  cookie: cookieAttributes,
}

const makeServer: MakeServer = () => {
  const app = new H3()
  app.get('/login/:user', async event => {
    const session = await useSession<Content>(event, config)
    const content = newContent(event.context.params?.user as string)
    await session.update(content)
    return bodyOf(content)
  })
  app.get('/read', async event => {
    const session = await useSession<Content>(event, config)
    return bodyOf(session.data as Content)
  })
  app.get('/change', async event => {
    const session = await useSession<Content>(event, config)
    await session.update({ visits: (session.data as Content).visits + 1 })
    return bodyOf(session.data as Content)
  })
  return h3Server(app)
}

export default makeServer
