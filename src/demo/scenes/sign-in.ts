/** Sign-in: what `login()` does to the id of a session. */

import { flash } from 'silverback'
import { type Html, html } from '../../lib/html.ts'
import type { Demo } from '../demo.ts'
import { abbreviated, button, buttonForm, chip, facts } from '../lib/components.ts'
import { PerVisitor } from '../lib/per-visitor.ts'
import { type Scene, scene } from '../scene.ts'

const path = '/sign-in'

/** The longest name, in characters. */
const maxName = 40

export function signIn({ logins: { login: definition } }: Demo): Scene {
  /** The id that each visitor had before the sign-in, as an attacker who planted it would know it. */
  const planted = new PerVisitor<string>()

  return scene({
    path,
    title: 'Sign in',
    summary: [
      'Signing in gives the session a new id and ends the old one.',
      'A cookie that an attacker planted or copied before the sign-in is useless.',
    ],
    code: `login.login(visitorId, { keep: ['visits'] }) // a new id; keeps this value
login.values.name = name`,
    sessions: { login: definition },

    async show({ request, response, visitorId, sessions: { login } }) {
      login.increment('visits')
      // A new session gets its id when it is saved.
      await login.save(request, response)
      if (login.owner === undefined) return guestPage(login.id, login.values.visits)
      const old = planted.get(visitorId)
      const attack = old === undefined ? undefined : await attackWith(old)
      return memberPage(login.values.name, login.id, login.values.visits, attack)
    },

    actions: {
      'sign-in'({ visitorId, sessions: { login }, notify }, form) {
        const name = [...(form.get('name')?.trim() ?? '')].slice(0, maxName).join('')
        if (!name) return notify(flash.error('Enter a name first.'))
        if (login.id !== undefined) planted.set(visitorId, login.id)
        login.login(visitorId, { keep: ['visits'] }) // a new id; keeps this value
        login.values.name = name
        notify(flash.success(`Signed in as ${name}.`))
      },
      'sign-out'({ sessions: { login }, notify }) {
        login.destroy()
        notify(flash.success('Signed out. The session is deleted, not just its cookie.'))
      },
    },
  })

  /** What another browser gets if it sends the id from before the sign-in. */
  async function attackWith(id: string): Promise<Attack> {
    const session = await definition.get({ headers: { cookie: `${definition.name}=${id}` } })
    return { id, owner: session.owner, reason: session.reason }
  }
}

interface Attack {
  readonly id: string
  readonly owner: string | undefined
  readonly reason: string | undefined
}

function guestPage(id = '', visits = 0): Html {
  return html`
    <div class="pair">
      <div>
        <h2>You are a guest</h2>
        ${facts(['Session id', abbreviated(id)], ['Visits to this page', visits])}
        <p class="hint">Suppose an attacker knows this id, or put it into your browser. Sign in, and see whether it
          still opens your session.</p>
      </div>
      <form method="post" action="${path}" class="fields">
        <label for="name">Your name</label>
        <input id="name" name="name" maxlength="${maxName}" autocomplete="given-name" required>
        <p>${button('sign-in', 'Sign in')}</p>
      </form>
    </div>`
}

function memberPage(name = '', id = '', visits = 0, attack?: Attack): Html {
  return html`
    <h2>Hello, ${name}</h2>
    ${facts(['Session id', abbreviated(id)], ['Visits to this page', html`${visits}, kept at the sign-in`])}
    ${attack && attackTable(id, attack)}
    ${buttonForm(path, 'sign-out', 'Sign out', 'quiet')}`
}

function attackTable(id: string, attack: Attack): Html {
  const refused = html`${chip('good', 'refused')} <code>${attack.reason}</code>`
  return html`
    <table>
      <caption>The id before and after you signed in</caption>
      <thead><tr><th scope="col">Cookie</th><th scope="col">Sent by</th><th scope="col">Opens</th></tr></thead>
      <tbody>
        <tr><td>${abbreviated(attack.id)}</td><td>the attacker</td>
          <td id="attack">${attack.owner === undefined ? refused : chip('bad', 'your session')}</td></tr>
        <tr><td>${abbreviated(id)}</td><td>you</td><td>${chip('plain', 'your session')}</td></tr>
      </tbody>
    </table>`
}
