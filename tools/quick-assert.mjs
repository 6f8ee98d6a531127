/**
 * Gives every `assert.ok` a message.
 *
 * Without one, Node 20 reads the failed call back from its file, at the position in the code that tsx has put on one
 * line, and parses the file again and again for minutes.
 *
 * Not in TypeScript: Node also imports it in the thread that loads modules, which cannot compile it yet.
 */

import assert from 'node:assert/strict'

const { ok } = assert
Object.assign(assert, {
  ok: (value, message = 'expected a truthy value') => ok(value, message),
})
