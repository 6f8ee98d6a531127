import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { decode, encode } from 'silverback/gob'
import { needs } from '../support/services/programs.ts'
import { sessions } from './arbitrary.ts'
import { usePeer } from './peer.ts'
import { assertSession, type Style, toSession } from './tree.ts'

suite('random sessions of TypeScript', needs('go'), () => {
  const peer = usePeer()

  const styles: Style[] = ['typed', 'plain']
  for (const style of styles) {
    for (const depth of [1, 2, 3]) {
      test(`are read by Go with the intended types: ${style} values, depth ${depth}`, async () => {
        const check = fc.asyncProperty(sessions(depth), async tree => {
          const bytes = encode(toSession(tree, style))
          const hex = Buffer.from(bytes).toString('hex')
          const { diff } = await peer.call('gob.compare', { hex, tree })
          assert.equal(diff, undefined)
          assertSession(decode(bytes), tree)
        })
        await fc.assert(check, { numRuns: 400 })
      })
    }
  }
})
