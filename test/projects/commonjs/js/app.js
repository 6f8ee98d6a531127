const express = require('express')
const { default: session } = require('silverback/express-session')

const app = express()
app.use(session({ secret: 'x'.repeat(32), resave: false, saveUninitialized: false }))
app.get('/', (request, response) => {
  request.session.views = (request.session.views ?? 0) + 1
  response.send(String(request.session.views))
})

module.exports = app
