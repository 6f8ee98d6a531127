/** The guides in docs/migrate whose apps need Redis or Go: both programs compile, and visitors stay signed in. */

import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { withServer } from '../support/projects/example.ts'
import { needs } from '../support/services/programs.ts'
import { type RedisServer, startRedis } from '../support/services/redis-server.ts'
import { migrate, readGuide, root, runProgram, testGuide, writeProgram } from './guide.ts'

suite('guides: with Redis', needs('redis-server'), () => {
  let server: RedisServer
  before(async () => {
    server = await startRedis()
  })
  after(() => server.stop())

  for (const name of ['express-session', 'fastify-session']) {
    testGuide(name, () => ({
      OLD_SECRET: randomBytes(32).toString('base64'),
      REDIS_URL: `redis://127.0.0.1:${server.port}`,
    }))
  }
})

suite('guide: from gorilla', needs('go'), () => {
  test('visitors of the Go program stay signed in', () => {
    const guide = readGuide('gorilla')
    const environment = {
      HASH_KEY: randomBytes(16).toString('hex'),
      BLOCK_KEY: randomBytes(16).toString('hex'),
      SESSION_KEY: randomBytes(32).toString('base64'),
    }
    const go = guide.before.replace('"localhost:3000"', '"localhost:" + os.Getenv("PORT")')
    const source = writeProgram(guide, 'main.go', go)
    const program = join(guide.folder, 'main')
    execFileSync('go', ['build', '-o', program, source], { cwd: join(root, 'interop/go') })
    return migrate(
      use => withServer([program], root, use, environment),
      runProgram(writeProgram(guide, 'after.ts', guide.after), environment),
    )
  })
})
