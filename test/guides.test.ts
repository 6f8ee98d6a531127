/** The first example of each guide in docs/guides runs, and does what the guide says. */

import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Express } from 'express'
import { CookieJar } from 'silverback/testing'
import request, { type Agent } from 'supertest'
import { assertMaxAge } from './support/projects/example.ts'

/** The app of a guide. Only its port is left out. */
async function appOf(guide: string): Promise<Express> {
  const page = readFileSync(new URL(`../docs/guides/${guide}.md`, import.meta.url), 'utf8')
  const [, example = ''] = /^```ts\n(.*?)^```$/ms.exec(page) ?? []
  assert.match(example, /^app\.listen\(3000\)$/m)
  // Inside the project, so that `silverback` is what it imports.
  const folder = new URL('../test-output/guides/', import.meta.url)
  mkdirSync(folder, { recursive: true })
  const file = new URL(`${guide}.ts`, folder)
  writeFileSync(file, example.replace(/^app\.listen\(3000\)$/m, 'export { app }'))
  const { app } = (await import(fileURLToPath(file))) as { app: Express }
  return app.set('env', 'test') // Express logs refusals otherwise
}

/** A browser on a page of the app. */
function visitor(app: Express, userAgent = 'Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0'): Agent {
  const agent = request.agent(app).use(new CookieJar().superagent)
  agent.set({ 'sec-fetch-site': 'same-origin', 'user-agent': userAgent }).type('form')
  return agent
}

/** Submits a form. Resolves to the page to which the response redirects. */
async function submit(agent: Agent, path: string, fields: object = {}): Promise<string> {
  const response = await agent.post(path).send(fields)
  assert.equal(response.status, 303, `${path}: ${response.status} ${response.text}`)
  return response.headers.location as string
}

suite('guide: sign-in', async () => {
  const app = await appOf('sign-in')
  const password = 'correct horse'

  test('returns to the page that asked for the sign-in', async () => {
    const ann = visitor(app)
    assert.equal((await ann.get('/account')).headers.location, '/sign-in')
    assert.equal(await submit(ann, '/sign-in', { user: 'ann', password }), '/account')
    assert.match((await ann.get('/account')).text, /Hello ann/)
    assert.equal(await submit(ann, '/sign-out'), '/sign-in')
    assert.equal((await ann.get('/account')).status, 303)
  })

  test('refuses wrong passwords, unknown users and forms of other sites', async () => {
    const stranger = visitor(app)
    for (const fields of [{ user: 'ann', password: '' }, { user: 'bob', password }, {}]) {
      assert.equal(await submit(stranger, '/sign-in', fields), '/sign-in')
    }
    assert.match((await stranger.get('/sign-in')).text, /Wrong user name or password/)
    const forged = stranger.post('/sign-in').set('sec-fetch-site', 'cross-site')
    assert.equal((await forged.send({ user: 'ann', password })).status, 403)
  })

  test('a new password ends the other sessions', async () => {
    const [here, elsewhere] = [visitor(app), visitor(app)]
    for (const agent of [here, elsewhere])
      await submit(agent, '/sign-in', { user: 'ann', password })
    assert.equal(await submit(here, '/account/confirm', { password }), '/account')
    assert.equal(await submit(here, '/account/password', { password }), '/account')
    assert.match((await here.get('/account')).text, /Hello ann/)
    assert.equal((await elsewhere.get('/account')).status, 303)
  })
})

suite('guide: remember me', async () => {
  const app = await appOf('remember-me')

  test('keeps the cookie of those who ask for it', async () => {
    const cookieFor = async (fields: object): Promise<string> => {
      const response = await visitor(app).post('/sign-in').send(fields)
      return response.headers['set-cookie']?.[0] as string
    }
    assert.doesNotMatch(await cookieFor({ user: 'ann' }), /Max-Age/)
    assertMaxAge(await cookieFor({ user: 'ann', remember: 'on' }), 14 * 86_400)
  })
})

interface Device {
  handle: string
  label: string
  isThisOne: boolean
}

suite('guide: devices', async () => {
  const app = await appOf('devices')
  const signedIn = async (user: string): Promise<Agent> => {
    const agent = visitor(app)
    await submit(agent, '/sign-in', { user })
    return agent
  }
  const listed = async (agent: Agent): Promise<Device[]> => (await agent.get('/devices')).body

  test('lists the sessions of the user and ends one of them', async () => {
    const [here, elsewhere] = [await signedIn('ann'), await signedIn('ann')]
    const devices = await listed(here)
    assert.deepEqual(devices.map(({ isThisOne }) => isThisOne).sort(), [false, true])
    for (const { label } of devices) assert.equal(label, 'Firefox on Linux')

    const other = devices.find(({ isThisOne }) => !isThisOne)
    await submit(here, '/devices/sign-out', { handle: other?.handle })
    assert.equal((await elsewhere.get('/devices')).status, 401)
    assert.equal((await listed(here)).length, 1)
  })

  test('ends all others, and none of another user', async () => {
    const [here, elsewhere] = [await signedIn('bob'), await signedIn('bob')]
    const eve = await signedIn('eve')
    const handle = (await listed(here))[0]?.handle
    await submit(eve, '/devices/sign-out', { handle })
    assert.equal((await listed(here)).length, 2)
    await submit(here, '/devices/sign-out-elsewhere')
    assert.equal((await listed(here)).length, 1)
    assert.equal((await elsewhere.get('/devices')).status, 401)
    assert.equal((await listed(eve)).length, 1)
  })
})

suite('guide: guest to user', async () => {
  const app = await appOf('guest-to-user')

  test('keeps the cart at the sign-in, and across a sign-out', async () => {
    const ann = visitor(app)
    assert.equal((await ann.get('/')).headers['set-cookie'], undefined)
    await submit(ann, '/cart', { item: 'milk' })
    await submit(ann, '/sign-in', { user: 'ann' })
    assert.deepEqual((await ann.get('/')).body, { owner: 'ann', cart: ['tea', 'milk'] })
    await submit(ann, '/sign-out')
    assert.deepEqual((await ann.get('/')).body, { owner: 'guest', cart: [] })
    await submit(ann, '/sign-in', { user: 'ann' })
    assert.deepEqual((await ann.get('/')).body, { owner: 'ann', cart: ['tea', 'milk'] })
  })
})

suite('guide: server-sent events', async () => {
  const app = await appOf('live-connections')

  test('a sign-out ends the event streams of the user', async () => {
    const [here, elsewhere] = [visitor(app), visitor(app)]
    for (const agent of [here, elsewhere]) await submit(agent, '/sign-in', { user: 'ann' })
    assert.equal((await visitor(app).get('/events')).status, 401)
    let open = () => {}
    const isOpen = new Promise<void>(resolve => {
      open = resolve
    })
    const stream = here
      .get('/events')
      .buffer(true)
      .parse((response, done) => {
        // At the first event, the stream watches the session.
        response.once('data', open)
        text(response as unknown as Readable).then(body => done(null, body), done as () => void)
      })
      .then(response => response.body as string)
    await isOpen
    await submit(elsewhere, '/sign-out-everywhere')
    assert.match(await stream, /event: signed-out\n/)
  })
})
