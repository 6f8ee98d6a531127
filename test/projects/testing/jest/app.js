const express = require('express')
const { defineSession, ServerStore } = require('silverback')
const { sessions } = require('silverback/express')
const { memory } = require('silverback/memory')

const login = defineSession(new ServerStore(memory()), 'login')
const app = express()
app.use(sessions(login))
app.get('/', async (request, response) => {
  const session = await login.get(request)
  response.json({ user: session.owner, visits: session.increment('visits') })
})
app.post('/sign-in/:user', async (request, response) => {
  const session = await login.get(request)
  session.login(request.params.user)
  response.redirect('/')
})

module.exports = { app, login }
