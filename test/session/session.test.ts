import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { inspect } from 'node:util'
import { CookieStore, Session, type Values } from 'silverback'
import { keys } from '../support/keys.ts'

const store = new CookieStore({ keys })
const newSession = (values: Values = {}): Session =>
  new Session(store, 'login', { options: { path: '/' }, values, id: 'secret-id' })

suite('flash messages of a session', () => {
  test('are returned once, in order', () => {
    const session = newSession()
    assert.deepEqual(session.flashes(), [])
    session.addFlash('foo')
    session.addFlash({ level: 'error', text: 'bar' })
    assert.deepEqual(session.values, { _flash: ['foo', { level: 'error', text: 'bar' }] })
    assert.deepEqual(session.flashes(), ['foo', { level: 'error', text: 'bar' }])
    assert.deepEqual(session.flashes(), [])
    assert.deepEqual(session.values, {})
  })

  test('have a separate list for each key', () => {
    const session = newSession()
    session.addFlash('default')
    session.addFlash('custom', 'custom_key')
    assert.deepEqual(session.flashes('custom_key'), ['custom'])
    assert.deepEqual(session.flashes('custom_key'), [])
    assert.deepEqual(session.flashes(), ['default'])
  })

  test('accept keys such as __proto__', () => {
    const session = newSession()
    for (const key of ['__proto__', 'constructor', 'toString']) {
      assert.deepEqual(session.flashes(key), [])
      session.addFlash('x', key)
      assert.deepEqual(session.flashes(key), ['x'])
    }
    assert.equal(Object.getPrototypeOf(session.values), Object.prototype)
  })

  test('throw an error that names the key if its value is not a list', () => {
    const session = newSession({ cart: 3 })
    const message = 'values.cart is not a list of flash messages; use another key'
    assert.throws(() => session.addFlash('x', 'cart'), { name: 'TypeError', message })
    assert.throws(() => session.flashes('cart'), { name: 'TypeError', message })
    assert.deepEqual(session.values, { cart: 3 })
  })

  test('do not change an array that was read before', () => {
    const read = ['a']
    const session = newSession({ _flash: read })
    session.addFlash('b')
    assert.deepEqual(read, ['a'])
  })
})

suite('keys that are not strings', () => {
  test('are distinct from strings: 42 and "42"', () => {
    const session = newSession()
    session.values['42'] = 'text'
    session.keyed.set(42, 43)
    assert.equal(session.keyed.get(42), 43)
    assert.equal(session.values[42], 'text')
    assert.deepEqual(Object.keys(session.values), ['42'])
  })
})

suite('push', () => {
  test('appends to the list under a key and returns its length', () => {
    const session = newSession()
    assert.equal(session.push('viewed', 'a'), 1)
    assert.equal(session.push('viewed', 'b'), 2)
    assert.deepEqual(session.values, { viewed: ['a', 'b'] })
  })

  test('changes no list that was read before, even a frozen one', () => {
    const read = Object.freeze(['a'])
    const session = newSession({ viewed: read })
    session.push('viewed', 'b')
    assert.deepEqual([read, session.values.viewed], [['a'], ['a', 'b']])
  })

  test('throws an error that names the key if its value is not a list', () => {
    const session = newSession({ cart: { a: 1 } })
    const message = 'values.cart is not a list and cannot be pushed to'
    assert.throws(() => session.push('cart', 'x'), { name: 'TypeError', message })
    assert.deepEqual(session.values, { cart: { a: 1 } })
  })

  test('accepts keys such as __proto__, and none after destroy', () => {
    const session = newSession()
    for (const key of ['__proto__', 'constructor']) assert.equal(session.push(key, 'x'), 1)
    assert.equal(Object.getPrototypeOf(session.values), Object.prototype)
    session.destroy()
    assert.throws(() => session.push('a', 'x'), { code: 'session-destroyed' })
  })
})

suite('pull', () => {
  test('returns a value and removes it', () => {
    const session = newSession({ returnTo: '/cart', a: 1 })
    assert.equal(session.pull('returnTo'), '/cart')
    assert.equal(session.pull('returnTo'), undefined)
    assert.deepEqual(session.values, { a: 1 })
  })

  test('does not return inherited properties, and throws after destroy', () => {
    const session = newSession()
    for (const key of ['__proto__', 'toString']) assert.equal(session.pull(key), undefined)
    session.destroy()
    assert.throws(() => session.pull('a'), { code: 'session-destroyed' })
  })
})

suite('a session', () => {
  test('has a copy of its options', () => {
    const options = { path: '/' }
    const session = new Session(store, 'login', { options })
    session.options.maxAge = 60
    assert.deepEqual(options, { path: '/' })
  })

  test('has a read-only id', () => {
    const session = newSession()
    assert.throws(() => {
      ;(session as { id: unknown }).id = 'chosen'
    }, TypeError)
    assert.equal(session.id, 'secret-id')
  })

  test('exposes neither its id nor its values in logs', () => {
    const session = newSession({ password: 'hunter2' })
    for (const text of [inspect(session), JSON.stringify(session), String(session)]) {
      assert.ok(!text.includes('secret-id') && !text.includes('hunter2'), text)
    }
    assert.equal(inspect(session), 'Session {"name":"login","isNew":false}')
  })
})
