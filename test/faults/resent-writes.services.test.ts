/**
 * Clients that resend a write whose response was lost, after others have written: what a store does over them, and
 * `deleteOwner`. `backendSuite` tests single writes.
 */

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { Redis } from 'ioredis'
import { Redis as Valkey } from 'iovalkey'
import { createClient } from 'redis'
import { type Backend, type OwnerIndex, ServerStore, type Session } from 'silverback'
import { redis } from 'silverback/redis'
import { cookieHeader, nodeRequest, nodeResponse } from '../support/http/http.ts'
import { needs } from '../support/services/programs.ts'
import { type RedisServer, startRedis } from '../support/services/redis-server.ts'
import { startProxy, type TcpProxy } from '../support/services/tcp-proxy.ts'

interface Client {
  readonly backend: Backend & OwnerIndex
  close(): void
}

const ignore = (): void => {}
/** Longer than responses are lost. */
const timeoutMs = 60_000
const expires = Math.floor(Date.now() / 1000) + 3600
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const textOf = (data: Uint8Array | undefined): string => new TextDecoder().decode(data)

const resending: Record<string, (port: number) => Client> = {
  ioredis(port) {
    const client = new Redis(port).on('error', ignore)
    return { backend: redis(client, { timeoutMs }), close: () => client.disconnect() }
  },
  iovalkey(port) {
    const client = new Valkey(port).on('error', ignore)
    return { backend: redis(client, { timeoutMs }), close: () => client.disconnect() }
  },
}

suite('resent writes: Redis', needs('redis-server', 'redis-cli'), () => {
  let server: RedisServer
  let proxy: TcpProxy
  let direct: Client
  before(async () => {
    server = await startRedis()
    proxy = await startProxy(server.port)
    direct = resending.ioredis!(server.port)
    // The server has the script from now on. Otherwise the response that is lost is the one that asks for it.
    await direct.backend.create('script', { data: bytes(''), expires })
  })
  after(async () => {
    direct.close()
    await proxy.stop()
    await server.stop()
  })

  /** Starts a write, and drops its response. Resolves with the pending write once it was applied. */
  const loseResponse = async <T>(
    write: () => Promise<T>,
    isApplied: () => Promise<boolean>,
  ): Promise<{ pending: Promise<T> }> => {
    proxy.loseResponses()
    const pending = write()
    while (!(await isApplied())) await new Promise(resolve => setTimeout(resolve, 5))
    return { pending }
  }

  /** Writes on the connection that works. */
  const writeOver = async (id: string, times: number): Promise<void> => {
    for (let count = 1; count <= times; count++) {
      const { version } = (await direct.backend.load(id))!
      const record = { data: bytes(`other ${count}`), expires }
      assert.equal((await direct.backend.update(id, record, version)).status, 'updated')
    }
  }

  const holds = async (id: string, text: string): Promise<boolean> =>
    textOf((await direct.backend.load(id))?.data) === text

  for (const [name, connect] of Object.entries(resending)) {
    suite(name, () => {
      let client: Client
      before(async () => {
        client = connect(proxy.port)
        await client.backend.load('connected')
      })
      after(() => client.close())

      test('deleteOwner deletes once and returns how many', async () => {
        const owner = `${name}-owner`
        const record = { data: bytes('owned'), expires, owner }
        for (const id of ['a', 'b']) await direct.backend.create(`${owner}-${id}`, record)
        await direct.backend.deleteOwner('nobody')
        const { pending } = await loseResponse(
          () => client.backend.deleteOwner(owner),
          async () => (await direct.backend.ofOwner(owner)).length === 0,
        )
        await direct.backend.create(`${owner}-later`, record)
        proxy.heal()
        assert.equal(await pending, 2)
        assert.deepEqual(await direct.backend.ofOwner(owner), [`${owner}-later`])
      })

      test('an increment and a flash message are saved once, and a taken one is returned', async () => {
        type Values = { count: number; mine: number; theirs: number }
        const here = new ServerStore(client.backend)
        const there = new ServerStore(direct.backend)
        const response = nodeResponse()
        const start = await there.get<Values>(nodeRequest(''), 'sid')
        start.values.count = 1
        start.addFlash('waiting', 'inbox')
        await start.save(nodeRequest(''), response)
        const cookie = cookieHeader(response)
        const read = (): Promise<Session<Partial<Values>>> =>
          there.get<Values>(nodeRequest(cookie), 'sid')
        const others = async (): Promise<void> => {
          for (let count = 0; count < 5; count++) {
            const request = nodeRequest(cookie)
            const session = await there.get<Values>(request, 'sid')
            session.increment('theirs')
            await session.save(request, nodeResponse())
          }
        }

        const request = nodeRequest(cookie)
        const session = await here.get<Values>(request, 'sid')
        session.increment('mine')
        session.addFlash('once')
        const save = await loseResponse(
          () => session.save(request, nodeResponse()),
          async () => (await read()).values.mine === 1,
        )
        await others()
        proxy.heal()
        await save.pending
        assert.deepEqual((await read()).values.mine, 1)
        assert.deepEqual((await read()).peekFlashes(), ['once'])

        const again = await here.get(nodeRequest(cookie), 'sid')
        const take = await loseResponse(
          () => again.takeFlashes('inbox'),
          async () => (await read()).peekFlashes('inbox').length === 0,
        )
        await others()
        proxy.heal()
        assert.deepEqual(await take.pending, ['waiting'])
        assert.equal((await read()).values.theirs, 10)
      })
    })
  }

  test('node-redis rejects a command whose response was lost, and does not resend it', async () => {
    const socket = { port: proxy.port, reconnectStrategy: 50 }
    const client = await createClient({ socket }).on('error', ignore).connect()
    const backend = redis(client, { timeoutMs })
    const { pending } = await loseResponse(
      () => backend.create('node-redis', { data: bytes('first'), expires }),
      () => holds('node-redis', 'first'),
    )
    pending.catch(ignore)
    await writeOver('node-redis', 1)
    proxy.heal()
    await assert.rejects(pending)
    await backend.load('node-redis')
    assert.ok(await holds('node-redis', 'other 1'))
    client.destroy()
  })
})
