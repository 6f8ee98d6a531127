import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { SessionError } from 'silverback'
import { reasonOf, withoutInput } from '../../src/lib/driver-error.ts'
import { storeOperation } from '../../src/lib/store-errors.ts'

const secret = 'the-owner-or-the-record'

class DriverError extends Error {
  override readonly name = 'DriverError'
  readonly code = 'EDRIVER'
  readonly command = { name: 'hset', args: [secret, Buffer.from(secret)] }
}

suite('errors of drivers', () => {
  test('an error without data is returned as it is', () => {
    const errors = [
      Object.assign(new Error('refused'), { code: 'ECONNREFUSED', errno: -111, port: 6379 }),
      new SessionError('store-failed', 'nested', { cause: new Error('why') }),
      new AggregateError([new Error('first')], 'both'),
      AbortSignal.abort().reason as Error,
    ]
    for (const error of errors) assert.equal(withoutInput(error), error)
  })

  test('a copy keeps class, message, stack and codes, and drops the rest', () => {
    const error = new DriverError('it failed')
    const clean = withoutInput(error) as DriverError
    assert.ok(clean instanceof DriverError)
    assert.deepEqual(
      [clean.name, clean.message, clean.code],
      ['DriverError', 'it failed', 'EDRIVER'],
    )
    assert.match(clean.stack ?? '', /^DriverError: it failed\n\s+at .*driver-error\.test/)
    assert.equal(Reflect.get(clean, 'command'), undefined)
    assert.ok(error.command, 'the error of the driver is not changed')
  })

  test('causes and the errors of an AggregateError are cleaned', () => {
    const error = new AggregateError([new DriverError('one')], '', {
      cause: new DriverError('two'),
    })
    const clean = withoutInput(error) as AggregateError
    assert.ok(clean instanceof AggregateError)
    assert.equal((clean.cause as Error).message, 'two')
    assert.equal(Reflect.get(clean.cause as Error, 'command'), undefined)
    assert.equal(Reflect.get(clean.errors[0], 'command'), undefined)
  })

  test('messages and stacks do not show what was sent', () => {
    const key = 'k'.repeat(43)
    const messages = {
      "ERR unknown command 'EVALSHA', with args beginning with: 'x' 'silverback:id'":
        "ERR unknown command 'EVALSHA'",
      [`no such key silverback:${key}`]: 'no such key silverback:…',
      [`(conn=3) Table is missing\nsql: INSERT … - parameters:['${secret}']`]:
        '(conn=3) Table is missing',
      [`bad value ${secret}`]: 'bad value …',
    }
    for (const [message, expected] of Object.entries(messages)) {
      const clean = withoutInput(new Error(message), [secret]) as Error
      assert.equal(clean.message, expected)
      assert.doesNotMatch(clean.stack ?? '', /silverback:id|kkkk|the-owner/)
    }
  })

  test('values that are no errors are not passed on', () => {
    for (const thrown of [secret, { secret }]) {
      assert.match((withoutInput(thrown) as Error).message, /without an error object/)
    }
  })

  test('the reason of an error without a message is its code or those of its errors', async () => {
    const refused = (port: number): Error =>
      Object.assign(new Error(`connect ECONNREFUSED ::1:${port}`), { code: 'ECONNREFUSED' })
    const aggregate = new AggregateError([refused(1), refused(2), refused(2)])
    assert.equal(reasonOf(aggregate), 'connect ECONNREFUSED ::1:1, connect ECONNREFUSED ::1:2')
    assert.equal(reasonOf(Object.assign(new Error(), { code: 'EPIPE' })), 'EPIPE')
    assert.equal(reasonOf(new TypeError()), 'TypeError')
    await assert.rejects(
      storeOperation('load', () => Promise.reject(aggregate)),
      { message: /^session backend: load: connect ECONNREFUSED/ },
    )
  })
})
