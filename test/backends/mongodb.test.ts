import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { MongoClient } from 'mongodb'
import { type MongoCollection, mongodb } from 'silverback/mongodb'
import { takeAll } from '../support/processes/take-all.ts'

const data = Uint8Array.of(0, 128, 255)

/** A collection that answers every call with this. */
function answering(answer: () => Promise<unknown>): MongoCollection {
  return {
    findOne: answer,
    find: () => ({ toArray: answer as () => Promise<unknown[]> }),
    replaceOne: answer,
    updateOne: answer,
    deleteOne: answer,
    deleteMany: answer,
    createIndexes: answer,
  }
}

suite('mongodb: without a server', () => {
  test('an abort ends the wait for an answer', async () => {
    const backend = mongodb(answering(() => new Promise(() => {})))
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

  test('failures reject with the error of the driver', async () => {
    const failure = Object.assign(new Error('not primary'), { code: 10107 })
    const backend = mongodb(answering(() => Promise.reject(failure)))
    await assert.rejects(backend.load('a'), failure)
    await assert.rejects(backend.create('a', { data, expires: 9e9 }), failure)
    await assert.rejects(backend.update('a', { data, expires: 9e9 }, 'version'), failure)
    await assert.rejects(backend.delete('a'), failure)
  })

  test('what is no collection is refused', () => {
    for (const wrong of [undefined, null, 'sessions', {}, new MongoClient('mongodb://localhost')]) {
      assert.throws(() => mongodb(wrong as never), /^TypeError: collection must be a Collection/)
    }
  })
})
