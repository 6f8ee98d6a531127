const express = require('express')
const { defineSession, ServerStore } = require('silverback')
const { sessions } = require('silverback/express')
const { memory } = require('silverback/memory')

const store = new ServerStore(memory())
const login = defineSession(store, 'login')

const app = express()
app.use(sessions(login))
app.get('/', async (request, response) => {
  const session = await login.get(request)
  response.send(String(session.increment('visits')))
})

module.exports = app
