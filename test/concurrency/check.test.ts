import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { check, totalOf } from '../../bench/concurrency/check.ts'
import type { ViolationKind } from '../../bench/concurrency/checks/violation.ts'
import type { Entry, Loaded, Operation } from '../../bench/concurrency/operations.ts'

let time = 0

type More = Partial<Entry> & { readonly as?: Partial<Loaded> | undefined }

/** An acknowledged request after the ones before it, in the session A unless `as` says otherwise. */
function entry(operation: Operation, { as, ...more }: More = {}): Entry {
  time += 10
  const reply = { loaded: { ...inA, ...as } }
  return {
    operation,
    cookie: 'a1',
    outcome: 'acknowledged',
    sent: time,
    received: time + 5,
    ...more,
    ...(more.outcome === undefined && { reply: { ...reply, ...more.reply } }),
  }
}

const inA = { token: 'A', owner: 'bob', count: 0, keys: {}, pending: { notes: [], inbox: [] } }
const nobody = { as: { token: undefined, owner: undefined } }
const refused = {
  outcome: 'refused',
  error: { code: 'store-failed', message: 'the server is down' },
} as const
const unknown = { outcome: 'unknown' } as const
const final = { isFinal: true } as const

const loginA = entry(
  { kind: 'login', owner: 'bob', token: 'A' },
  { ...nobody, cookie: undefined, newCookie: 'a1' },
)
const read: Operation = { kind: 'read' }
const set = (value: number): Operation => ({ kind: 'set', key: 'key-w0', value })
const increment: Operation = { kind: 'increment' }
const add = (message: string, list: 'notes' | 'inbox' = 'notes'): Operation => ({
  kind: 'addFlash',
  list,
  message,
})
const consume = (list: 'notes' | 'inbox' = 'notes'): Operation => ({ kind: 'consume', list })
const rotate: Operation = { kind: 'rotate', increments: false }
const logout: Operation = { kind: 'logout' }
const revokeAll: Operation = { kind: 'revokeAll', owner: 'bob' }
const revokeOthers: Operation = { kind: 'revokeOthers', owner: 'bob' }
const revoke: Operation = { kind: 'revoke', owner: 'bob', token: 'A' }
const sessionsOf: Operation = { kind: 'sessionsOf', owner: 'bob' }
const noSession = { cookie: undefined, reply: { loaded: undefined } } as const
const list = (...listed: string[]): More => ({
  cookie: undefined,
  reply: { loaded: undefined, listed },
})
const counted = (count: number): More => ({ as: { count } })
const pending = (...notes: string[]): More => ({ as: { pending: { notes, inbox: [] } } })
const consumed = (...messages: string[]): More => ({
  reply: { loaded: inA, consumed: messages },
})

/** The violations in a history that begins with the login of A. Requests may fail at any time. */
function violationsIn(entries: Entry[]): Partial<Record<ViolationKind, number>> {
  const verdict = check({
    entries: [loginA, ...entries],
    faults: [{ from: 0, until: Number.POSITIVE_INFINITY }],
  })
  return Object.fromEntries(Object.entries(verdict.counts).filter(([, count]) => count > 0))
}

function accepts(...entries: Entry[]): void {
  assert.deepEqual(violationsIn(entries), {})
}

function finds(violations: Partial<Record<ViolationKind, number>>, ...entries: Entry[]): void {
  assert.deepEqual(violationsIn(entries), violations)
}

suite('the check of a history', () => {
  test('counts requests and faults', () => {
    const verdict = check({
      entries: [loginA, entry(read), entry(set(1), refused), entry(read, final)],
      faults: [{ from: 0, until: Number.POSITIVE_INFINITY }],
    })
    assert.equal(verdict.acknowledged, 2)
    assert.equal(verdict.failed, 1)
    assert.equal(verdict.faults, 1)
    assert.equal(totalOf(verdict), 0)
  })

  test('finds keys that are missing or older than the last acknowledged value', () => {
    const keys = (value?: number): More => ({
      as: { keys: value === undefined ? {} : { 'key-w0': value } },
    })
    accepts(entry(set(1)), entry(set(2), keys(1)), entry(read, keys(2)))
    finds({ 'lost keys': 1 }, entry(set(1)), entry(set(2), keys(1)), entry(read, keys(1)))
    finds({ 'lost keys': 1 }, entry(set(1)), entry(read, keys()))
    // A later value may be there while its request is under way, and after it has failed.
    accepts(
      entry(set(1)),
      entry(set(2), { ...keys(1), received: time + 100 }),
      entry(read, keys(2)),
    )
    for (const value of [1, 2]) {
      accepts(entry(set(1)), entry(set(2), refused), entry(read, keys(value)))
    }
    // Only a request without a response can still write after a later one.
    const after = (failure: More): Entry[] => [
      entry(set(1), failure),
      entry(set(2), keys()),
      entry(read, keys(1)),
    ]
    accepts(...after(unknown))
    finds({ 'lost keys': 1 }, ...after(refused))
  })

  test('finds increments that were lost, and those that were counted twice', () => {
    accepts(entry(increment), entry(increment, counted(1)), entry(read, counted(2)))
    finds({ 'lost increments': 2 }, entry(increment), entry(increment), entry(read))
    finds({ 'doubled increments': 1 }, entry(increment), entry(read, counted(2)))
    // One that failed counts once or not at all.
    for (const count of [0, 1]) accepts(entry(increment, refused), entry(read, counted(count)))
    finds({ 'doubled increments': 1 }, entry(increment, refused), entry(read, counted(2)))
    // A rotation may increment in the same save.
    const rotation = entry({ kind: 'rotate', increments: true }, { newCookie: 'a2' })
    finds({ 'lost increments': 1 }, rotation, entry(read, { cookie: 'a2' }))
  })

  test('lets a session drop changes while a request ends it', () => {
    const ender = entry(revokeAll, noSession)
    const during = { sent: ender.sent + 1, received: ender.received - 1 }
    const changes = [set(1), increment, add('x')].map(change => entry(change, during))
    const before = entry(read, { sent: ender.received - 0.5 })
    accepts(ender, ...changes, before)
    const found = { 'lost keys': 1, 'lost increments': 1, 'lost messages': 1 }
    finds(found, { ...ender, ...refused, reply: undefined }, ...changes, before)
  })

  test('finds messages that disappeared', () => {
    accepts(entry(add('x')), entry(read, pending('x')))
    accepts(entry(add('x')), entry(consume(), consumed('x')), entry(read))
    finds({ 'lost messages': 1 }, entry(add('x')), entry(read))
    // The response with the message may have been lost, or the request that added it has failed.
    accepts(entry(add('x')), entry(consume(), unknown), entry(read))
    accepts(entry(add('x'), refused), entry(read))
  })

  test('finds messages that came back or were added twice', () => {
    const taken = [entry(add('x')), entry(consume(), consumed('x'))]
    finds({ 'returned messages': 1 }, ...taken, entry(read, pending('x')))
    finds({ 'returned messages': 1 }, ...taken, entry(consume(), consumed('x')))
    finds({ 'returned messages': 1 }, entry(add('x')), entry(read, pending('x', 'x')))
  })

  test('lets overlapping requests share the messages of flashes, but not those of takeFlashes', () => {
    for (const list of ['notes', 'inbox'] as const) {
      const first = entry(consume(list), consumed('x'))
      const second = { ...first, operation: { ...first.operation } }
      const entries = [entry(add('x', list), { sent: 0, received: 1 }), first, second]
      if (list === 'notes') accepts(...entries)
      else finds({ 'returned messages': 1 }, ...entries)
    }
  })

  test('finds sessions that are signed in after their end', () => {
    const enders = [
      entry(logout, { newCookie: '' }),
      entry({ kind: 'login', owner: 'bob', token: 'B' }, { newCookie: 'b1' }),
      entry(revoke, { cookie: undefined, reply: { loaded: undefined, revoked: true } }),
      entry(revokeAll, noSession),
    ]
    for (const ender of enders) {
      finds({ 'resurrected sessions': 1 }, ender, entry(read))
      accepts(ender, entry(read, nobody))
      // A request that was sent before the session had ended may still find it.
      accepts(ender, entry(read, { sent: ender.received - 1 }))
      // One that failed may have ended the session or not.
      const { reply, newCookie, ...rest } = ender
      const failed = { ...rest, ...refused }
      accepts(failed, entry(read))
      accepts(failed, entry(read, nobody))
    }
  })

  test('lets sessions live that revokeAll spares, or that began after it was sent', () => {
    accepts(entry(revokeOthers), entry(read))
    const b1 = { cookie: 'b1', as: { token: 'B' } }
    const loginB = entry(
      { kind: 'login', owner: 'bob', token: 'B' },
      { ...nobody, cookie: 'b0', newCookie: 'b1' },
    )
    finds({ 'resurrected sessions': 1 }, loginB, entry(revokeOthers), entry(read, b1))
    const { sent, received } = loginB
    const overlapping = entry(revokeOthers, { sent: sent - 1, received: received + 1 })
    accepts(loginB, overlapping, entry(read, b1))
    accepts(loginB, overlapping, entry(read, { ...nobody, cookie: 'b1' }))
  })

  test('finds ids that are valid after a rotation, or again', () => {
    const rotation = entry(rotate, { newCookie: 'a2' })
    accepts(rotation, entry(read, nobody), entry(read, { cookie: 'a2' }))
    finds({ 'resurrected sessions': 1 }, rotation, entry(read))
    finds({ 'resurrected sessions': 1 }, entry(logout, refused), entry(read, nobody), entry(read))
  })

  test('finds visitors who were signed out for no reason', () => {
    finds({ 'lost sign-ins': 1 }, entry(read, nobody))
    finds({ 'lost sign-ins': 1 }, entry(revokeOthers), entry(read, nobody))
    finds({ 'lost sign-ins': 1 }, entry(read, { as: { token: 'other' } }))
    finds({ 'lost sign-ins': 1 }, entry(read, { as: { owner: 'eve' } }))
    const rotation = entry(rotate, { newCookie: 'a2' })
    finds({ 'lost sign-ins': 1 }, rotation, entry(read, { ...nobody, cookie: 'a2' }))
    // A rotation that failed may have replaced the id, and one without a cookie has not.
    accepts(entry(rotate, refused), entry(read, nobody))
    finds({ 'lost sign-ins': 1 }, entry(rotate), entry(read, nobody))
  })

  test('finds sessions of which overlapping rotations have left no valid id', () => {
    const first = entry(rotate, { newCookie: 'a2' })
    const second = { ...first, newCookie: 'a3' }
    const reads = (...valid: string[]): Entry[] =>
      ['a1', 'a2', 'a3'].map(cookie =>
        entry(read, { ...(valid.includes(cookie) ? {} : nobody), ...final, cookie }),
      )
    accepts(first, second, ...reads('a3'))
    finds({ 'lost sign-ins': 1 }, first, second, ...reads())
    finds({ 'wrong lists': 1 }, first, second, ...reads('a2', 'a3'))
  })

  test('finds lists with twins, ended sessions and those of others', () => {
    accepts(entry(sessionsOf, list('A')))
    finds({ 'wrong lists': 1 }, entry(sessionsOf, list('A', 'A')))
    finds({ 'wrong lists': 1 }, entry(sessionsOf, list('A', 'other')))
    finds({ 'wrong lists': 1 }, entry(revokeAll, noSession), entry(sessionsOf, list('A')))
    accepts(entry(revokeAll, { ...noSession, ...refused }), entry(sessionsOf, list('A')))
    // A rotation that failed can leave a new id behind, once.
    const failed = entry(rotate, unknown)
    accepts(failed, entry(logout, { newCookie: '' }), entry(sessionsOf, list('A')))
    finds({ 'wrong lists': 1 }, failed, entry(sessionsOf, list('A', 'A')))
  })

  test('finds lists that lack a session', () => {
    finds({ 'wrong lists': 1 }, entry(sessionsOf, list()))
    finds({ 'wrong lists': 1 }, entry(rotate, refused), entry(sessionsOf, list()))
    accepts(entry(logout, { newCookie: '' }), entry(sessionsOf, list()))
    const login = entry({ kind: 'login', owner: 'bob', token: 'B' }, { ...refused, cookie: 'b0' })
    for (const listed of [['A'], ['A', 'B']]) accepts(login, entry(sessionsOf, list(...listed)))
  })

  test('compares the lists at the end with the cookies that are signed in', () => {
    const ended = entry(logout, refused)
    const end = (listed: string[], isSignedIn: boolean): Entry[] => [
      ended,
      entry(read, { ...(isSignedIn ? {} : nobody), ...final }),
      entry(sessionsOf, { ...list(...listed), ...final }),
    ]
    accepts(...end(['A'], true))
    accepts(...end([], false))
    finds({ 'wrong lists': 1 }, ...end(['A'], false))
    finds({ 'wrong lists': 1 }, ...end([], true))
  })

  test('finds errors that no fault explains', () => {
    const count = (failure: More, isFault: boolean): number | undefined => {
      const faults = isFault ? [{ from: 0, until: Number.POSITIVE_INFINITY }] : []
      return check({ entries: [loginA, entry(increment, failure)], faults }).counts[
        'unexpected errors'
      ]
    }
    const error = (code: string): More => ({ ...refused, error: { code, message: '' } })
    assert.equal(count(error('store-failed'), true), 0)
    assert.equal(count(error('store-failed'), false), 1)
    assert.equal(count(unknown, true), 0)
    assert.equal(count(unknown, false), 1)
    assert.equal(count(error('conflict'), false), 0)
    assert.equal(count(error('TypeError'), true), 1)
  })
})
