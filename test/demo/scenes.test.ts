/** What each scene of the demo shows, without a browser. */

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { attributeAfter, demoForTests, type Shown, Visitor } from './support.ts'

const { url } = await demoForTests()

function count(pattern: RegExp, { html }: Shown): number {
  return [...html.matchAll(pattern)].length
}

test('sign-in: the id from before opens nothing, and the kept value is still there', async () => {
  const visitor = new Visitor(url)
  await visitor.visit('/sign-in')
  const before = visitor.jar.get('demo-login', '/sign-in')
  const page = await visitor.submit('/sign-in', { action: 'sign-in', name: '<b>Ann' })
  assert.match(page.html, /Hello, &lt;b&gt;Ann</)
  assert.match(page.text, /the attacker refused unknown-id/)
  assert.match(page.text, /2, kept at the sign-in/)
  assert.notEqual(visitor.jar.get('demo-login', '/sign-in'), before)

  const attacker = new Visitor(url)
  attacker.jar.add(`demo-login=${before}`)
  assert.match((await attacker.visit('/sign-in')).text, /You are a guest/)

  assert.match((await visitor.submit('/sign-in', { action: 'sign-out' })).text, /You are a guest/)
})

test('sign-in: an empty name is an error, and a long one is cut between characters', async () => {
  const visitor = new Visitor(url)
  assert.match(
    (await visitor.submit('/sign-in', { action: 'sign-in', name: ' ' })).text,
    /Enter a name/,
  )
  const page = await visitor.submit('/sign-in', { action: 'sign-in', name: '😀'.repeat(45) })
  assert.match(page.html, /Hello, \u{1f600}{40}</u)
})

suite('devices', () => {
  test('a device is listed, and ended by its button', async () => {
    const visitor = new Visitor(url)
    await visitor.submit('/devices', { action: 'sign-in' })
    const phone = await visitor.submit('/devices?on=phone', { action: 'sign-in' })
    assert.match(phone.text, /Signed in on 2 devices/)
    const list = await visitor.visit('/devices')
    const handle = attributeAfter(list.html, 'name="handle"', 'value')
    await visitor.submit('/devices', { action: 'sign-out', handle })
    assert.match((await visitor.visit('/devices')).text, /Signed in on 1 device /)
    assert.match((await visitor.visit('/devices?on=phone')).text, /Signed out from another device/)
  })

  test('"everywhere else" spares the device that it was pressed on', async () => {
    const visitor = new Visitor(url)
    for (const path of ['/devices', '/devices?on=phone', '/devices?on=tablet']) {
      await visitor.submit(path, { action: 'sign-in' })
    }
    const phone = await visitor.submit('/devices?on=phone', { action: 'sign-out-elsewhere' })
    assert.match(phone.text, /Ended on 2 other devices/)
    assert.match(phone.text, /Signed in on 1 device /)
    assert.match((await visitor.visit('/devices')).text, /This browser is signed out/)
  })

  test('a visitor cannot end the session of another', async () => {
    const [ann, bob] = [new Visitor(url), new Visitor(url)]
    await ann.submit('/devices', { action: 'sign-in' })
    await ann.submit('/devices?on=phone', { action: 'sign-in' })
    await bob.submit('/devices', { action: 'sign-in' })
    const handle = attributeAfter((await ann.visit('/devices')).html, 'name="handle"', 'value')
    assert.notEqual(handle, '')
    await bob.submit('/devices', { action: 'sign-out', handle })
    assert.match((await ann.visit('/devices')).text, /Signed in on 2 devices/)
  })

  test('an open page hears of a new device, and of its own end', { timeout: 120_000 }, async () => {
    const visitor = new Visitor(url)
    await visitor.submit('/devices', { action: 'sign-in' })
    const { body } = await visitor.jar.fetch('/devices/live')
    const events = (body as ReadableStream<Uint8Array>).getReader()
    let received = ''
    const next = async (event: string): Promise<void> => {
      while (!received.includes(`event: ${event}\n`)) {
        const { value, done } = await events.read()
        assert.ok(!done, `the stream ended before ${event}`)
        received += Buffer.from(value).toString()
      }
    }
    await visitor.submit('/devices?on=phone', { action: 'sign-in' })
    await next('change')
    await visitor.submit('/devices?on=phone', { action: 'sign-out-elsewhere' })
    await next('end')
    assert.ok((await events.read()).done)
  })
})

test('race: nothing is lost here, and every other product in express-session', async () => {
  const page = await new Visitor(url).submit('/race', { action: 'run' })
  const [ours, theirs] = page.html.split('id="theirs"') as [string, string]
  assert.match(ours, /8 of 8 kept/)
  assert.match(page.text, /4 saves met a newer version/)
  assert.match(theirs, /4 of 8 kept/)
  assert.equal(count(/<li class="lost">/g, page), 4)
})

suite('tampering', () => {
  for (const [attack, reason] of [
    ['flip', 'bad-mac'],
    ['cut', 'bad-mac'],
    ['swap', 'bad-mac'],
    ['key', 'unknown-key'],
    ['old', 'expired'],
    ['future', 'too-new'],
    ['replay', 'revoked'],
    ['junk', 'malformed'],
  ] as const) {
    test(`${attack}: the reason is ${reason}`, async () => {
      const visitor = new Visitor(url)
      const good = await visitor.submit('/tampering', { action: 'send' })
      assert.match(good.text, /Accepted valid/)
      const page = await visitor.submit(`/tampering?attack=${attack}`, { action: 'send' })
      assert.match(page.text, new RegExp(`Refused ${reason}`))
      assert.match(page.text, /session\.values \{\}/)
      assert.ok(
        page.html
          .replaceAll(/<\/?mark>/g, '')
          .includes(visitor.jar.get('demo-note', '/tampering') ?? '-'),
      )
      assert.match((await visitor.submit('/tampering', { action: 'send' })).text, /Accepted valid/)
    })
  }

  test('an unknown attack is a valid cookie', async () => {
    const page = await new Visitor(url).submit('/tampering?attack=__proto__', { action: 'send' })
    assert.match(page.text, /Accepted valid/)
  })
})

test('forms: the input comes back once, without the password', async () => {
  const visitor = new Visitor(url)
  const form = { action: 'sign-up', name: 'Ann "<', email: 'ann.example', password: 'hunter2' }
  const page = await visitor.submit('/forms', form)
  assert.match(page.html, /value="Ann &quot;&lt;"/)
  assert.match(page.html, /value="ann\.example"/)
  assert.doesNotMatch(page.html, /hunter2/)
  assert.match(page.html, /aria-invalid="true" aria-describedby="email-error"/)
  assert.equal(count(/aria-invalid/g, page), 2, 'the name is fine')
  assert.doesNotMatch((await visitor.visit('/forms')).html, /ann\.example|aria-invalid/)

  const good = { ...form, email: 'ann@example.com', password: 'correct horse' }
  assert.match((await visitor.submit('/forms', good)).text, /The form of Ann .* is complete/)
})

suite('forged form', () => {
  test('only the form with its token is accepted', async () => {
    const visitor = new Visitor(url)
    const page = await visitor.visit('/forged-form')
    const token = attributeAfter(page.html, 'name="_csrf"', 'value')
    assert.equal(token.length, 86)
    for (const wrong of [undefined, '', `${token.startsWith('A') ? 'B' : 'A'}${token.slice(1)}`]) {
      const fields = wrong === undefined ? {} : { _csrf: wrong }
      const refused = await visitor.submit('/forged-form', { action: 'give', ...fields })
      assert.equal(refused.status, 403)
      assert.match(refused.text, /csrf-token-invalid/)
    }
    const other = new Visitor(url)
    await other.visit('/forged-form')
    assert.equal((await other.submit('/forged-form', { action: 'give', _csrf: token })).status, 403)
    assert.match((await visitor.visit('/forged-form')).text, /20 bananas/)

    const given = await visitor.submit('/forged-form', { action: 'give', _csrf: token })
    assert.match(given.text, /You gave ten bananas away\. .*10 bananas/)
    await visitor.submit('/forged-form', { action: 'give', _csrf: token })
    const empty = await visitor.submit('/forged-form', { action: 'give', _csrf: token })
    assert.match(empty.text, /no bananas left .*0 bananas/)
  })

  test('the other page is on another origin, and its form leads to the demo', async () => {
    const page = await new Visitor(url).visit('/forged-form')
    const address = attributeAfter(page.html, 'class="button quiet"', 'href')
    assert.notEqual(new URL(address).origin, new URL(url).origin)
    const other = await (await fetch(address)).text()
    assert.ok(other.includes(`action="${url}/forged-form"`))
  })
})

test('key rotation: an old cookie is accepted and replaced, until its key is dropped', async () => {
  const visitor = new Visitor(url)
  assert.match((await visitor.visit('/key-rotation')).text, /no cookie yet new/)
  const letter = (): string | undefined => visitor.jar.get('demo-letter', '/key-rotation')
  const first = letter()
  const added = await visitor.submit('/key-rotation', { action: 'add' })
  const [newest, oldest] = [...added.html.matchAll(/<code>([\da-f]{8})<\/code>/g)].map(
    each => each[1],
  )
  assert.notEqual(newest, oldest)
  assert.match(
    added.text,
    new RegExp(`Yours, just now key ${oldest} accepted becomes key ${newest}`),
  )
  assert.match(added.text, new RegExp(`now closed key ${oldest} accepted`))
  assert.notEqual(letter(), first)

  const dropped = await visitor.submit('/key-rotation', { action: 'drop' })
  assert.match(dropped.text, new RegExp(`Yours, just now key ${newest} accepted`))
  assert.match(dropped.text, new RegExp(`now closed key ${oldest} unknown-key`))

  const again = await visitor.submit('/key-rotation', { action: 'restart' })
  assert.match(again.text, /Yours, just now key .{8} unknown-key becomes key/)
  assert.doesNotMatch((await visitor.visit('/key-rotation')).text, /unknown-key/)
})

test('key rotation: the list of keys does not grow without end', async () => {
  const visitor = new Visitor(url)
  for (let i = 0; i < 6; i++) await visitor.submit('/key-rotation', { action: 'add' })
  const page = await visitor.visit('/key-rotation')
  assert.equal(count(/<li><span class="name">key/g, page), 4)
  assert.match(page.text, /Yours, just now key .{8} accepted/)
  assert.match(page.text, /now closed key .{8} unknown-key/)
})

suite('timeline', () => {
  test('lists the requests of this visitor only, newest first, with what happened', async () => {
    const visitor = new Visitor(url)
    await visitor.visit('/sign-in')
    await visitor.submit('/tampering?attack=flip', { action: 'send' })
    const { text } = await visitor.visit('/timeline')
    assert.match(
      text,
      /GET \/tampering .*refused: bad-mac, mac-invalid .*POST \/tampering .*GET \/sign-in .*saved/,
    )
    assert.match((await new Visitor(url).visit('/timeline')).text, /No requests yet/)
  })

  test('shows no cookie value', async () => {
    const visitor = new Visitor(url)
    await visitor.submit('/tampering?attack=flip', { action: 'send' })
    const { html } = await visitor.visit('/timeline')
    assert.ok(!html.includes(visitor.jar.get('demo-note', '/tampering') ?? '-'))
  })
})

test('stores: the values move with the session, and the old one ends', async () => {
  const visitor = new Visitor(url)
  await visitor.submit('/stores', { action: 'add' })
  const page = await visitor.submit('/stores', { action: 'add' })
  assert.match(page.text, /Apples, Bread/)
  const since = /Since (\S+Z)/.exec(page.text)?.[1]
  for (const [kind, what] of [
    ['memory', /an id The server keeps a record in memory/],
    ['file', /an id The server keeps an encrypted file of \d+ bytes/],
    ['cookie', /all values, encrypted The server keeps nothing but the key/],
  ] as const) {
    const before = ['c', 'm', 'f'].map(each => visitor.jar.get(`demo-basket-${each}`, '/stores'))
    const moved = await visitor.submit('/stores', { action: 'move', to: kind })
    assert.match(moved.html, new RegExp(`value="${kind}" aria-pressed="true"`))
    assert.match(moved.text, /Apples, Bread/)
    assert.ok(moved.text.includes(`Since ${since}`), 'a Date is still a Date')
    assert.match(moved.text, what)
    const after = ['c', 'm', 'f'].map(each => visitor.jar.get(`demo-basket-${each}`, '/stores'))
    assert.equal(after.filter(Boolean).length, 1, 'one cookie')
    assert.notDeepEqual(after, before)
  }
  for (const to of ['cookie', '__proto__', '']) {
    assert.match((await visitor.submit('/stores', { action: 'move', to })).text, /Apples, Bread/)
  }
})
