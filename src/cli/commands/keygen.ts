/**
 * `silverback keygen`.
 *
 * @module
 */

import { randomBytes } from 'node:crypto'
import { command, type Outcome } from '../lib/command.ts'

export default command({
  description: 'Print a new random key',
  args: {
    format: {
      type: 'enum',
      options: ['base64', 'hex', 'env'],
      default: 'base64',
      description: 'How to print the key; env is a line for a .env file',
    },
    go: {
      type: 'boolean',
      description: "Print a pair for Go's securecookie: a hash key, a colon and a block key",
    },
  },
  async run({ format, go }): Promise<Outcome> {
    return go ? goPair(format) : oneKey(format)
  },
})

function oneKey(format: string): Outcome {
  const key = randomBytes(32).toString(encodingOf(format))
  return { lines: [format === 'env' ? `SESSION_KEY=${key}` : key], json: { key } }
}

/** The lengths of the keys are those that gorilla/securecookie recommends: 64 and 32 bytes. */
function goPair(format: string): Outcome {
  if (format === 'env') {
    // For `[]byte(os.Getenv("BLOCK_KEY"))`: used as they are, the characters must be 64 and 32 bytes.
    const hashKey = randomBytes(48).toString('base64url')
    const blockKey = randomBytes(24).toString('base64url')
    const lines = [`HASH_KEY=${hashKey}`, `BLOCK_KEY=${blockKey}`]
    return { lines, json: { hashKey, blockKey } }
  }
  const hashKey = randomBytes(64).toString(encodingOf(format))
  const blockKey = randomBytes(32).toString(encodingOf(format))
  return { lines: [`${hashKey}:${blockKey}`], json: { hashKey, blockKey } }
}

function encodingOf(format: string): 'hex' | 'base64' {
  return format === 'hex' ? 'hex' : 'base64'
}
