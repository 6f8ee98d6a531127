/** Tampering: what becomes of cookies that are not as the server sent them. */

import { randomBytes } from 'node:crypto'
import {
  CookieStore,
  type CookieStoreOptions,
  defineSession,
  explain,
  newCookie,
  readCookies,
  type SessionDefinition,
  setCookie,
} from 'silverback'
import { memory } from 'silverback/memory'
import { type Content, type Html, html } from '../../lib/html.ts'
import { button, chip, facts } from '../lib/components.ts'
import { issue } from '../lib/cookies.ts'
import { type Scene, scene, type Visit } from '../scene.ts'

const path = '/tampering'
const name = 'demo-note'
const day = 86_400

interface Note {
  text?: string
}

/** What a visitor can do to the cookie. */
interface Attack {
  readonly label: string
  /** Why it does not work. */
  readonly why: string
  /** Which character of the value is wrong, if it is a single one. */
  readonly changedAt?: (value: string) => number
  /** Makes the cookie value that the browser sends from now on. */
  readonly forge: () => Promise<string>
}

export function tampering(): Scene {
  const keys = [randomBytes(32)]
  const options = { path, secure: 'auto' } as const
  const common: CookieStoreOptions = { keys, options, revocation: memory({ whenFull: 'throw' }) }
  const note = defineSession<Note>(new CookieStore(common), name)
  const other = defineSession<Note>(new CookieStore(common), 'demo-other')
  const stranger = defineSession<Note>(new CookieStore({ keys: [randomBytes(32)], options }), name)
  const early = defineSession<Note>(withClock(common, -2 * day), name)
  const late = defineSession<Note>(withClock(common, day), name)

  const attacks: Readonly<Record<string, Attack>> = {
    flip: {
      label: 'Change one character',
      why: 'The authentication tag covers every byte, so a single changed one makes the whole cookie invalid.',
      changedAt: middleOf,
      forge: async () => withOneChange(await written(note)),
    },
    cut: {
      label: 'Cut off the end',
      why: 'The end of the value is its authentication tag. What is left is too short to have the right one.',
      forge: async () => withoutEnd(await written(note)),
    },
    swap: {
      label: 'Use another cookie’s value',
      why: 'A value is bound to the name of its cookie, so it does not open under any other name.',
      forge: () => written(other),
    },
    key: {
      label: 'Make one with another key',
      why: 'The id of the key in the cookie is not one of ours, so nothing needs to be decrypted to refuse it.',
      forge: () => written(stranger),
    },
    old: {
      label: 'Send one from two days ago',
      why: 'The time of sealing is part of the value, so it is invalid after 24 hours even if the browser keeps it.',
      forge: () => written(early),
    },
    future: {
      label: 'Send one from tomorrow',
      why: 'It was sealed by a server whose clock is ahead. It must not live longer than other cookies because of that.',
      forge: () => written(late),
    },
    replay: {
      label: 'Replay one after its sign-out',
      why: 'The cookie is authentic, but the option revocation makes the store remember the sessions that ended.',
      async forge() {
        const value = await written(note)
        await issue(note, session => session.destroy(), value)
        return value
      },
    },
    junk: {
      label: 'Send nonsense',
      why: 'The value does not have the format that this store writes. It is refused before any cryptography.',
      forge: async () => 'nonsense',
    },
  }

  return scene({
    path,
    title: 'A tampered cookie',
    summary: [
      'Whatever a browser sends, your handler gets a session and never an exception.',
      'If the cookie was refused, the session is empty and its reason says why.',
    ],
    code: `const { values, reason } = sessions.note
// {} and 'bad-mac', 'unknown-key', 'expired', 'revoked', …`,
    sessions: { note },

    show(visit) {
      const { request, sessions } = visit
      const { values, reason } = sessions.note
      const [value] = readCookies(request, name)
      const attack = attackOf(visit)
      const [event] = explain(request).filter(each => each.type === 'reject')
      return html`
        ${value === undefined ? introduction() : verdict(value, values.text, reason, event?.refusals, attack)}
        <form method="post" action="${path}" class="choices" aria-label="Send another cookie">
          ${button('send', 'Get a valid cookie')}
          ${Object.entries(attacks).map(
            ([key, { label }]) =>
              html`<button class="quiet" name="action" value="send" formaction="${path}?attack=${key}">${label}</button>`,
          )}
        </form>`
    },

    actions: {
      async send(visit) {
        const value = await (attackOf(visit)?.forge() ?? written(note))
        // The browser really sends it, with the request for the next page.
        const cookie = newCookie(name, value, { path, httpOnly: true, sameSite: 'lax' })
        setCookie(visit.response, cookie)
      },
    },
  })

  function attackOf({ url }: Visit): Attack | undefined {
    const key = url.searchParams.get('attack') ?? ''
    return Object.hasOwn(attacks, key) ? attacks[key] : undefined
  }
}

function written(definition: SessionDefinition<Note>): Promise<string> {
  return issue(definition, session => {
    session.values.text = 'Meet me at noon'
  })
}

/** A store whose clock is ahead by so many seconds, or behind. */
function withClock(options: CookieStoreOptions, ahead: number): CookieStore {
  return new CookieStore({ ...options, now: () => Math.floor(Date.now() / 1000) + ahead })
}

function middleOf(value: string): number {
  return Math.floor(value.length / 2)
}

function withOneChange(value: string): string {
  const middle = middleOf(value)
  return `${value.slice(0, middle)}${value[middle] === 'A' ? 'B' : 'A'}${value.slice(middle + 1)}`
}

/** Four characters are three bytes, so what is left is still base64url. */
function withoutEnd(value: string): string {
  return value.slice(0, 4 * Math.floor(value.length / 4) - 12)
}

function introduction(): Html {
  return html`
    <h2>Your browser has no cookie for this scene yet</h2>
    <p>Get a valid one first. Then send a bad one instead: the page sets it in your browser, and your browser sends it
      with its next request.</p>`
}

function verdict(
  value: string,
  text: string | undefined,
  reason: string | undefined,
  codes: readonly string[] = [],
  attack?: Attack,
): Html {
  const isAccepted = reason === undefined
  return html`
    <h2 id="verdict">${isAccepted ? 'Accepted' : 'Refused'} ${chip(isAccepted ? 'good' : 'bad', reason ?? 'valid')}</h2>
    ${attack && !isAccepted ? html`<p>${attack.label}: ${lowerFirst(attack.why)}</p>` : undefined}
    ${facts(
      [
        'Cookie sent',
        html`<code class="value">${marked(value, attack?.changedAt?.(value))}</code>`,
      ],
      ['session.reason', html`<code>${reason ?? 'undefined'}</code>`],
      ['session.values', html`<code>${JSON.stringify({ text })}</code>`],
      ['Codec', html`<code>${codes.join(', ') || 'opened it'}</code>`],
    )}`
}

/** The value, with the character at this index marked. */
function marked(value: string, index?: number): Content {
  if (index === undefined) return value
  return [value.slice(0, index), html`<mark>${value[index]}</mark>`, value.slice(index + 1)]
}

function lowerFirst(text: string): string {
  return `${text.charAt(0).toLowerCase()}${text.slice(1)}`
}
