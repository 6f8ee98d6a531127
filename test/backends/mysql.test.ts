import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type MySqlOptions, mysql, mysqlSchema } from 'silverback/mysql'

/** A client whose statement fails `times` times with the error number before it succeeds. */
function failing(times: number, errno: number): { execute(): Promise<unknown>; calls: number } {
  const client = {
    calls: 0,
    async execute() {
      client.calls++
      if (client.calls <= times) throw Object.assign(new Error('no'), { errno })
      return [{ affectedRows: 1 }, undefined]
    },
  }
  return client
}

suite('mysql: without a server', () => {
  test('retries deadlocks and lock wait timeouts a few times', async () => {
    for (const errno of [1213, 1205]) {
      const client = failing(2, errno)
      await mysql(client).touch('id', 9e9)
      assert.equal(client.calls, 3)
      const hopeless = failing(99, errno)
      await assert.rejects(mysql(hopeless).touch('id', 9e9), { errno })
      assert.equal(hopeless.calls, 5)
    }
    const client = failing(1, 1146)
    await assert.rejects(mysql(client).touch('id', 9e9), { errno: 1146 })
    assert.equal(client.calls, 1)
  })

  test('an aborted operation neither waits for the response nor retries', async () => {
    const controller = new AbortController()
    const { signal } = controller
    const waiting = mysql({ execute: () => new Promise(() => {}) }).load('id', { signal })
    const client = failing(99, 1213)
    const trying = mysql(client).touch('id', 9e9, { signal })
    controller.abort(new Error('enough'))
    await assert.rejects(waiting, /enough/)
    await assert.rejects(trying, /enough/)
    await new Promise(resolve => setTimeout(resolve, 100))
    assert.equal(client.calls, 1)
  })

  test('refuses invalid table names', () => {
    const wrong = ['', 'a b', 'a`b', "a'b", 'a;b', 'a--', 'a.b.c', '.a', 'a.', 'tëst', 'a\n', 'a\0']
    for (const table of [...wrong, 'x'.repeat(49), 7, null]) {
      const options = { table } as MySqlOptions
      assert.throws(() => mysql(failing(0, 0), options), {
        name: 'TypeError',
        message: /^table must be/,
      })
      assert.throws(() => mysqlSchema(options), TypeError)
    }
  })
})
