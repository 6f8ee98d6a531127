/** The suite for backends detects a backend that does not recognise a write that its client resends. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Backend } from 'silverback'
import { memory } from 'silverback/memory'
import { type BackendTestName, backendSuite, type OpenBackend } from 'silverback/testing'

/** A backend whose client resends commands. `recognises` says which of its own writes it recognises. */
function resendingMemory(recognises: { create: boolean; update: boolean }): OpenBackend {
  const direct = memory()
  let restored: Promise<void> | undefined
  let restore = (): void => {}
  const resent = async <T extends { status: string }>(
    write: () => Promise<T>,
    isRecognised: boolean,
  ): Promise<T> => {
    const result = await write()
    if (!restored) return result
    await restored
    restored = undefined
    if (isRecognised) return result
    return write()
  }
  const backend: Backend = {
    load: (...args) => direct.load(...args),
    create: (...args) => resent(() => direct.create(...args), recognises.create),
    update: (...args) => resent(() => direct.update(...args), recognises.update),
    touch: (...args) => direct.touch(...args),
    delete: (...args) => direct.delete(...args),
  }
  return {
    backend,
    resending: {
      direct,
      laterWrites: 3,
      loseResponses() {
        restored = new Promise(resolve => {
          restore = resolve
        })
      },
      restore: () => restore(),
    },
  }
}

async function failuresOf(open: () => OpenBackend): Promise<BackendTestName[]> {
  const failed: BackendTestName[] = []
  const runs: Promise<void>[] = []
  backendSuite((name, run) => {
    if (!name.includes('resends')) return
    runs.push(run().catch(() => void failed.push(name as BackendTestName)))
  }, open)
  await Promise.all(runs)
  assert.equal(runs.length, 4)
  return failed
}

test('detects a create that is not recognised when it is resent', async () => {
  const failed = await failuresOf(() => resendingMemory({ create: false, update: true }))
  assert.deepEqual(failed, ['a create that the client resends is recognised'])
})

test('detects an update that is not recognised when it is resent', async () => {
  const failed = await failuresOf(() => resendingMemory({ create: true, update: false }))
  assert.deepEqual(failed.sort(), [
    'an update that ends a record and that the client resends is recognised',
    'an update that the client resends is recognised',
  ])
})

test('accepts a backend that recognises its writes', async () => {
  assert.deepEqual(await failuresOf(() => resendingMemory({ create: true, update: true })), [])
})

test('fails if no response is lost', async () => {
  const failed = await failuresOf(() => ({
    ...resendingMemory({ create: true, update: true }),
    resending: { direct: memory(), loseResponses() {}, restore() {} },
  }))
  assert.equal(failed.length, 4)
})
