import { app as expressSession } from './app'
import { app as silverback } from './login'

for (const app of [expressSession, silverback]) {
  const server = app.listen(0, async () => {
    const { port } = server.address() as { port: number }
    const text = await (await fetch(`http://localhost:${port}/`)).text()
    server.closeAllConnections()
    server.close()
    if (text !== '1') throw new Error(`unexpected response ${text}`)
  })
}
