import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { encode } from 'silverback/gob'
import { SecureCookie } from 'silverback/securecookie'
import { needs } from '../support/services/programs.ts'
import { type GoRandomSession, usePeer } from './peer.ts'
import { assertSession, leaf, type Tree, withEntry } from './tree.ts'
import { hexKeys, name, newKeys } from './visit.ts'

/** 600 sessions of each depth. */
const seeds = 12
const perSeed = 50

suite('random sessions of Go', needs('go'), () => {
  const peer = usePeer()
  const keys = newKeys(32, 32)
  const codec = new SecureCookie({ hashKey: keys[0], blockKey: keys[1], maxLength: 0 })

  async function assertSameInGo(values: object, tree: Tree): Promise<void> {
    const hex = Buffer.from(encode(values)).toString('hex')
    const { diff } = await peer.call('gob.compare', { hex, tree })
    assert.equal(diff, undefined)
  }

  async function assertFaithful({ tree, gob, cookie }: GoRandomSession): Promise<void> {
    const { value, serializer } = codec.open(name, cookie)
    assertSession(value, tree)
    const untouched = serializer.deserialize(Buffer.from(gob, 'hex'))
    assertSession(untouched, tree)
    await assertSameInGo(untouched as object, tree)

    const changed = value as Record<string, unknown>
    changed.added = 1
    await assertSameInGo(changed, withEntry(tree, 'added', leaf('int', 1)))
  }

  for (const depth of [0, 1, 2, 3]) {
    test(`are read and written back with their types: depth ${depth}`, async () => {
      for (let seed = 0; seed < seeds; seed++) {
        const { sessions } = await peer.call('random', {
          seed: depth * 1000 + seed,
          count: perSeed,
          depth,
          name,
          keyPairs: hexKeys(keys),
        })
        assert.equal(sessions.length, perSeed)
        await Promise.all(sessions.map(assertFaithful))
      }
    })
  }
})
