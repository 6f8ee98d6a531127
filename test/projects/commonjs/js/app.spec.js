const { once } = require('node:events')

test.each(['./app', './login'])('%s counts the visits of a visitor', async file => {
  const server = require(file).listen(0)
  await once(server, 'listening')
  const url = `http://localhost:${server.address().port}/`
  const first = await fetch(url)
  const [cookie] = first.headers.getSetCookie()[0].split(';')
  const second = await fetch(url, { headers: { cookie } })
  expect([await first.text(), await second.text()]).toEqual(['1', '2'])
  server.closeAllConnections()
  server.close()
})
