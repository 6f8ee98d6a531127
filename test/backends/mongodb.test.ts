import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { MongoClient } from 'mongodb'
import { type MongoCollection, mongodb } from 'silverback/mongodb'
import { takeAll } from '../support/processes/take-all.ts'

const data = Uint8Array.of(0, 128, 255)

/** A collection whose every call returns this response. */
function responding(respond: () => Promise<unknown>): MongoCollection {
  return {
    findOne: respond,
    find: () => ({ toArray: respond as () => Promise<unknown[]> }),
    replaceOne: respond,
    updateOne: respond,
    deleteOne: respond,
    deleteMany: respond,
    createIndexes: respond,
  }
}

suite('mongodb: without a server', () => {
  test('an aborted operation does not wait for the response', async () => {
    const backend = mongodb(responding(() => new Promise(() => {})))
    const controller = new AbortController()
    const options = { signal: controller.signal }
    const waiting = [
      backend.load('a', options),
      backend.create('a', { data, expires: 9e9 }, options),
      backend.touch('a', 9e9, options),
      backend.ofOwner('ann', options),
      takeAll(backend.all(options)),
    ]
    controller.abort(new Error('enough'))
    for (const operation of waiting) await assert.rejects(operation, /enough/)
  })

  test('rejects with the error of the driver', async () => {
    const failure = Object.assign(new Error('not primary'), { code: 10107 })
    const backend = mongodb(responding(() => Promise.reject(failure)))
    await assert.rejects(backend.load('a'), failure)
    await assert.rejects(backend.create('a', { data, expires: 9e9 }), failure)
    await assert.rejects(backend.update('a', { data, expires: 9e9 }, 'version'), failure)
    await assert.rejects(backend.delete('a'), failure)
  })

  test('refuses anything but a collection', () => {
    for (const wrong of [undefined, null, 'sessions', {}, new MongoClient('mongodb://localhost')]) {
      assert.throws(() => mongodb(wrong as never), /^TypeError: collection must be a Collection/)
    }
  })
})
