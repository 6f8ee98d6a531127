import express from 'express'
import session, { type RequestSession } from 'silverback/express-session'
import { memory } from 'silverback/memory'

const secret = 'x'.repeat(32)
export const app = express()
app.use(session({ secret, resave: false, saveUninitialized: false, store: memory() }))
app.get('/', (request, response) => {
  const values = (request as unknown as { session: RequestSession<{ views: number }> }).session
  values.views = (values.views ?? 0) + 1
  response.send(String(values.views))
})
