import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { decode, encode } from 'silverback/gob'
import { needs } from '../support/programs.ts'
import { type Peer, usePeer } from './peer.ts'
import { assertSession, type Tree } from './tree.ts'

const seeds = 12
const perDepth = 50

suite('random sessions of Go', needs('go'), () => {
  const peer = usePeer()

  for (const depth of [0, 1, 2, 3]) {
    test(`nested ${depth} deep`, async () => {
      for (let seed = 0; seed < seeds; seed++) {
        const params = { seed: depth * 1000 + seed, count: perDepth, depth }
        const { sessions } = await peer.call('random', params)
        assert.equal(sessions.length, perDepth)
        await Promise.all(sessions.map(({ tree, gob }) => assertFaithful(peer, tree, gob)))
      }
    })
  }
})

async function assertFaithful(peer: Peer, tree: Tree, hex: string): Promise<void> {
  const values = decode(Buffer.from(hex, 'hex')) as Record<string, unknown>
  assertSession(values, tree)
  await assertSameInGo(peer, encode(values), tree)
}

async function assertSameInGo(peer: Peer, bytes: Uint8Array, tree: Tree): Promise<void> {
  const hex = Buffer.from(bytes).toString('hex')
  const { equal, diff } = await peer.call('gob.compare', { hex, tree })
  assert.ok(equal, diff)
}
