/** h3 with Silverback's CookieStore. */

import { H3, type H3Event } from 'h3'
import type { Session } from 'silverback'
import { sessions } from 'silverback/h3'
import type { MakeServer } from '../app.ts'
import { bodyOf, type Content, newContent } from '../content.ts'
import { h3Server } from '../lib/h3.ts'
import { cookieSession } from '../lib/silverback.ts'

const valuesOf = (event: H3Event): Content => (event.context.session as Session<Content>).values

const makeServer: MakeServer = () => {
  const app = new H3().use(sessions(cookieSession()))
  app.get('/login/:user', event => {
    const user = event.context.params?.user as string
    return bodyOf(Object.assign(valuesOf(event), newContent(user)))
  })
  app.get('/read', event => bodyOf(valuesOf(event)))
  app.get('/change', event => {
    const values = valuesOf(event)
    values.visits += 1
    return bodyOf(values)
  })
  return h3Server(app)
}

export default makeServer
