import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:net'
import { after, before, suite, test } from 'node:test'
import { awsEnv, remove, temporaryFolder } from '../../support/databases.ts'
import { runCli, spawnCli } from '../../support/run-cli.ts'

suite('sessions without a store that works', () => {
  /** Accepts connections and never replies. */
  let silent: Server
  let port: number
  const folder = temporaryFolder()
  before(async () => {
    silent = createServer(() => undefined)
    await new Promise<void>(resolve => silent.listen(0, '127.0.0.1', resolve))
    ;({ port } = silent.address() as { port: number })
  })
  after(() => {
    silent.close()
    remove(folder)
  })

  const urls: [url: (port: number) => string, label: string][] = [
    [at => `redis://ann:hunter2@127.0.0.1:${at}`, 'Redis'],
    [at => `postgres://ann:hunter2@127.0.0.1:${at}/app`, 'PostgreSQL'],
    [at => `mysql://ann:hunter2@127.0.0.1:${at}/app`, 'MySQL'],
    [at => `mongodb://ann:hunter2@127.0.0.1:${at}/app`, 'MongoDB'],
    [at => `memcached://127.0.0.1:${at}`, 'memcached'],
    [at => `dynamodb:sessions?region=local&endpoint=http://127.0.0.1:${at}`, 'DynamoDB'],
  ]
  for (const [url, label] of urls) {
    const check = async (at: number) => {
      const { code, stdout, stderr } = await spawnCli(['sessions', 'count', url(at)], {
        env: awsEnv,
      })
      assert.equal(stdout, '')
      assert.match(stderr, new RegExp(`^error ${label} at [^\\n]*: [^\\n]+\\n$`))
      assert.equal(code, 3)
      assert.doesNotMatch(stderr, /hunter2|\bann\b/)
    }
    // Each command gives up by itself, after seconds.
    const options = { timeout: 120_000 }
    test(`${label}: nothing listens on the port`, options, () => check(1))
    test(`${label}: the server accepts connections and never replies`, options, () => check(port))
  }

  test('files and folders that do not exist are not created', async () => {
    for (const [url, message] of [
      ['sqlite:missing.db', /there is no file .*missing\.db/],
      ['file:missing', /there is no folder .*missing/],
    ] as const) {
      const { code, stderr } = await runCli(['sessions', 'list', url], { cwd: folder })
      assert.equal(code, 3)
      assert.match(stderr, message)
    }
  })

  const wrong: [args: string[], message: RegExp][] = [
    [[], /No store is given\. Pass its URL, such as .*, or set SESSION_STORE_URL\./],
    [['--url-env', 'NOPE'], /--url-env: the variable NOPE is not set\./],
    [['redis://x', '--url-env', 'NOPE'], /Pass a URL or --url-env, not both\./],
    [['redis://x', '--limit', '0'], /--limit must be an integer of at least 1, not 0/],
    [['redis://x?prefx=a'], /redis: URLs have no parameter prefx \(did you mean prefix\?\)/],
    [['sqlite:x', '--encrypted'], /There are no keys\./],
  ]
  for (const [args, message] of wrong) {
    test(`refuses "${args.join(' ')}"`, async () => {
      const { code, stderr } = await runCli(['sessions', 'list', ...args], { cwd: folder })
      assert.equal(code, 2)
      assert.match(stderr, message)
    })
  }
})
