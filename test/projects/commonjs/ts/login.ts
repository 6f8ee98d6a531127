import express from 'express'
import { defineSession, ServerStore } from 'silverback'
import { sessions } from 'silverback/express'
import { memory } from 'silverback/memory'

const store = new ServerStore(memory())
const login = defineSession<{ visits: number }>(store, 'login')

export const app = express()
app.use(sessions(login))
app.get('/', async (request, response) => {
  const session = await login.get(request)
  response.send(String(session.increment('visits')))
})
