// In Node itself, `require` returns the function.
const assert = require('node:assert/strict')
const session = require('silverback/express-session')

assert.equal(typeof session, 'function')
assert.equal(session, session.default)
assert.ok(new session.MemoryStore() instanceof session.Store)
