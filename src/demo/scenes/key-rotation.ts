/** Key rotation: a new key for the cookies of an app that is in use. */

import { randomBytes } from 'node:crypto'
import {
  CookieStore,
  defineSession,
  flash,
  Keyring,
  readCookies,
  type SessionDefinition,
} from 'silverback'
import { type Html, html } from '../../lib/html.ts'
import { buttonForm, chip } from '../lib/components.ts'
import { cookieAfter, issue, requestWith } from '../lib/cookies.ts'
import { PerVisitor } from '../lib/per-visitor.ts'
import { type Scene, scene } from '../scene.ts'

const path = '/key-rotation'

/** How many keys a visitor can have. */
const maxKeys = 4

interface Letter {
  text?: string
}

/** What each visitor has: keys to rotate without disturbing others. */
interface Setup {
  readonly ring: Keyring
  /** Newest first. */
  readonly keys: readonly Buffer[]
  readonly letters: SessionDefinition<Letter>
  /** The cookie of a browser that is never used. */
  readonly asleep: string
}

export function keyRotation(): Scene {
  const setups = new PerVisitor<Setup>()

  return scene({
    path,
    title: 'Rotate the keys',
    summary: [
      'A new key is put in front of the old one: cookies of both are accepted, and new cookies use the new key.',
      'Visitors who return get a new cookie, so that the old key can be dropped once their lifetime has passed.',
    ],
    code: `ring.replace([newKey, ...keys]) // writes with the new key, reads with all
ring.replace([newKey]) // later: drops the old ones`,
    sessions: {},

    async show({ request, response, visitorId }) {
      const setup = await setupOf(visitorId)
      const { letters } = setup
      const session = await letters.get(request)
      session.values.text ??= 'Dear diary'
      await session.save(request, response)
      const [sent] = readCookies(request, letters.name)
      const received = cookieAfter(request, response, letters.name) ?? ''
      const other = await letters.get(requestWith(letters.name, setup.asleep))
      return html`
        <h2>Keys</h2>
        ${keyList(await keyIds(setup))}
        <table>
          <caption>Two browsers</caption>
          <thead><tr><th scope="col">Browser</th><th scope="col">Its cookie</th>
            <th scope="col">Outcome</th></tr></thead>
          <tbody>
            <tr id="yours"><td>Yours, just now</td><td>${sent ? keyName(keyIdOf(sent)) : 'no cookie yet'}</td>
              <td>${outcomeOf(session.reason)} ${received !== sent ? html`becomes ${keyName(keyIdOf(received))}` : undefined}</td></tr>
            <tr id="asleep"><td>Another one, now closed</td><td>${keyName(keyIdOf(setup.asleep))}</td>
              <td>${outcomeOf(other.reason)}</td></tr>
          </tbody>
        </table>
        <div class="row">
          ${buttonForm(path, 'add', 'Put a new key in front')}
          ${setup.keys.length > 1 ? buttonForm(path, 'drop', 'Drop the old keys', 'quiet') : undefined}
          ${buttonForm(path, 'restart', 'Start over', 'quiet')}
        </div>`
    },

    actions: {
      async add({ visitorId, notify }) {
        const setup = await setupOf(visitorId)
        const { ring } = setup
        const keys = setup.keys.slice(0, maxKeys - 1)
        const newKey = randomBytes(32)
        ring.replace([newKey, ...keys]) // writes with the new key, reads with all
        setups.set(visitorId, { ...setup, keys: [newKey, ...keys] })
        notify(flash.success('New cookies are sealed with the new key.'))
      },
      async drop({ visitorId, notify }) {
        const setup = await setupOf(visitorId)
        const { ring, keys } = setup
        const [newKey] = keys as [Buffer]
        ring.replace([newKey]) // later: drops the old ones
        setups.set(visitorId, { ...setup, keys: [newKey] })
        notify(
          flash.success('The old keys are gone. Cookies that were made with them are refused.'),
        )
      },
      restart({ visitorId }) {
        setups.delete(visitorId)
      },
    },
  })

  async function setupOf(visitorId: string): Promise<Setup> {
    const known = setups.get(visitorId)
    if (known) return known
    const keys = [randomBytes(32)]
    const ring = new Keyring(keys)
    const store = new CookieStore({ keys: ring, options: { path, secure: 'auto' } })
    const letters = defineSession<Letter>(store, 'demo-letter')
    const asleep = await write(letters)
    const setup = { ring, keys, letters, asleep }
    setups.set(visitorId, setup)
    return setup
  }
}

function write(letters: SessionDefinition<Letter>): Promise<string> {
  return issue(letters, session => {
    session.values.text = 'Dear diary'
  })
}

/** The ids of the keys, newest first: each seals a cookie, which names its key. */
function keyIds({ keys }: Setup): Promise<string[]> {
  return Promise.all(
    keys.map(async key => {
      const store = new CookieStore({ keys: [key] })
      return keyIdOf(await write(defineSession<Letter>(store, 'demo-letter')))
    }),
  )
}

/** Bytes 1 to 4 of a sealed value identify its key: see docs/format-sealed.md. */
function keyIdOf(value: string): string {
  return Buffer.from(value, 'base64url').subarray(1, 5).toString('hex')
}

function keyName(id: string): Html {
  return html`key <code>${id}</code>`
}

function keyList(ids: readonly string[]): Html {
  return html`<ol class="rows" id="keys">${ids.map(
    (id, index) => html`<li><span class="name">${keyName(id)}</span>
      <span class="hint">${index === 0 ? 'writes and reads' : 'reads'}</span></li>`,
  )}</ol>`
}

function outcomeOf(reason: string | undefined): Html {
  return reason === undefined || reason === 'no-cookie'
    ? chip('good', reason === undefined ? 'accepted' : 'new')
    : chip('bad', reason)
}
