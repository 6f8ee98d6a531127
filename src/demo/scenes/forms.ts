/** Forms: errors next to their fields, and the visitor's input kept. */

import { randomBytes } from 'node:crypto'
import { CookieStore, defineSession, type FieldErrors, flash } from 'silverback'
import { type Html, html } from '../../lib/html.ts'
import { button } from '../lib/components.ts'
import { type Scene, scene } from '../scene.ts'

const path = '/forms'

export function forms(): Scene {
  const store = new CookieStore({ keys: [randomBytes(32)], options: { path, secure: 'auto' } })
  const form = defineSession(store, 'demo-form')

  return scene({
    path,
    title: 'A form with mistakes',
    summary: [
      'A rejected form comes back with what the visitor has typed and with an error at each field, once.',
      'Passwords, card numbers and other secrets are left out of the session.',
    ],
    code: `session.flashInput(form) // without the password
session.flashErrors(errors) // { email: 'Enter an address with an @.' }
session.oldInput(name) // on the next page
session.fieldErrors(name)`,
    sessions: { session: form },

    show({ sessions: { session } }) {
      const field = (name: string, label: string, type: string, autocomplete: string): Html =>
        fieldOf(
          { name, label, type, autocomplete },
          session.oldInput(name) ?? '',
          session.fieldErrors(name),
        )
      return html`
        <h2>Create an account</h2>
        <p class="hint">Send it empty, or with a mistake. Nothing is created.</p>
        <form method="post" action="${path}" class="fields" novalidate>
          ${field('name', 'Name', 'text', 'name')}
          ${field('email', 'Email', 'email', 'email')}
          ${field('password', 'Password', 'password', 'new-password')}
          <p>${button('sign-up', 'Create account')}</p>
        </form>`
    },

    actions: {
      'sign-up'({ sessions: { session }, notify }, form) {
        const errors = errorsOf(form)
        if (Object.keys(errors).length === 0) {
          return notify(flash.success(`The form of ${form.get('name')} is complete.`))
        }
        session.flashInput(form) // without the password
        session.flashErrors(errors) // { email: 'Enter an address with an @.' }
      },
    },
  })
}

function errorsOf(form: URLSearchParams): FieldErrors {
  const errors: Record<string, string> = {}
  if (!form.get('name')?.trim()) errors.name = 'Enter a name.'
  if (!form.get('email')?.includes('@')) errors.email = 'Enter an address with an @.'
  if ((form.get('password') ?? '').length < 8) errors.password = 'Use at least 8 characters.'
  return errors
}

interface Field {
  readonly name: string
  readonly label: string
  readonly type: string
  readonly autocomplete: string
}

function fieldOf(
  { name, label, type, autocomplete }: Field,
  value: string,
  errors: readonly string[],
): Html {
  const isWrong = errors.length > 0
  const problem = isWrong ? html` aria-invalid="true" aria-describedby="${name}-error"` : undefined
  return html`
    <label for="${name}">${label}</label>
    <input id="${name}" name="${name}" type="${type}" value="${value}" autocomplete="${autocomplete}"${problem}>
    ${isWrong ? html`<p class="error" id="${name}-error">${errors.join(' ')}</p>` : undefined}`
}
