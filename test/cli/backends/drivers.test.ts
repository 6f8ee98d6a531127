import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { loadDriver } from '../../../src/cli/backends/drivers.ts'
import { remove, temporaryFolder } from '../support/databases.ts'

suite('client libraries', () => {
  const folder = temporaryFolder()
  after(() => remove(folder))

  function install(name: string, source: string): void {
    const at = join(folder, 'node_modules', name)
    mkdirSync(at, { recursive: true })
    writeFileSync(join(at, 'package.json'), JSON.stringify({ name, main: 'index.js' }))
    writeFileSync(join(at, 'index.js'), source)
  }

  test('come from the project in the working directory first', async () => {
    install('ioredis', 'exports.Redis = "of the project"')
    const { name, exports } = await loadDriver('Redis', ['redis', 'ioredis'], folder)
    assert.equal(name, 'ioredis')
    assert.equal(exports.Redis, 'of the project')
  })

  test('are named when none is installed', async () => {
    await assert.rejects(() => loadDriver('Redis', ['no-such-a', 'no-such-b/promise'], folder), {
      name: 'FailedError',
      message: 'Redis needs a client library. Install one: npm install no-such-a or no-such-b',
    })
  })

  test('that cannot be loaded are named', async () => {
    install('broken', 'throw new Error("built for another version of Node")')
    await assert.rejects(() => loadDriver('Redis', ['broken'], folder), {
      name: 'FailedError',
      message: /The package broken could not be loaded: built for another version of Node/,
    })
  })
})
