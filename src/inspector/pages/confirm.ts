/**
 * Asks before sessions are ended.
 *
 * @module
 */

import { type Html, html } from '../../lib/html.ts'
import { cut } from '../format.ts'
import type { StoreView } from '../store-view.ts'
import { urlOf } from '../urls.ts'
import type { Page } from './layout.ts'

/** An action that ends sessions, and what it is about. */
export interface Ending {
  readonly action: 'revoke' | 'revoke-others' | 'revoke-owner' | 'revoke-everything'
  readonly view: StoreView
  readonly handle: string | undefined
  readonly owner: string | undefined
}

const questions: Readonly<
  Record<Ending['action'], { readonly title: string; readonly button: string }>
> = {
  revoke: { title: 'Revoke this session?', button: 'Revoke the session' },
  'revoke-others': { title: 'Revoke all other sessions?', button: 'Revoke the others' },
  'revoke-owner': { title: 'Revoke all sessions of this owner?', button: 'Revoke them all' },
  'revoke-everything': { title: 'Revoke every session?', button: 'Revoke every session' },
}

/**
 * @param device - the device of the session, if there is one
 * @param problem - what was wrong with the answer
 */
export function confirmPage(
  ending: Ending,
  {
    token,
    device,
    problem,
  }: {
    readonly token: string
    readonly device?: string | undefined
    readonly problem?: string | undefined
  },
): Page {
  const { action, view, handle, owner } = ending
  const { title, button } = questions[action]
  const back =
    handle === undefined
      ? urlOf({ view: 'sessions', store: view.label, owner })
      : urlOf({ view: 'session', store: view.label, handle })
  return {
    title,
    section: 'sessions',
    content: html`<form method="post" action="?" class="card form confirm">
  <h1>${title}</h1>
  <p>${effectOf(ending, device)}</p>
  <input type="hidden" name="action" value="${action}">
  <input type="hidden" name="store" value="${view.label}">
  <input type="hidden" name="handle" value="${handle ?? ''}">
  <input type="hidden" name="owner" value="${owner ?? ''}">
  <input type="hidden" name="token" value="${token}">
  ${
    action === 'revoke-everything'
      ? html`<div class="field"><label for="confirm">Type <b>${view.label}</b> to confirm</label><input id="confirm" name="confirm" required autocomplete="off" autocapitalize="none" spellcheck="false"${problem ? html` aria-invalid="true" aria-describedby="confirm-problem"` : ''}>${problem ? html`<p class="problem" id="confirm-problem" role="alert">${problem}</p>` : undefined}</div>`
      : undefined
  }
  <div class="buttons"><button type="submit" class="danger">${button}</button><a class="button quiet" href="${back}">Cancel</a></div>
</form>`,
  }
}

function effectOf({ action, owner, view }: Ending, device: string | undefined): Html {
  const who = owner === undefined ? html`a guest` : html`<strong>${cut(owner, 120)}</strong>`
  switch (action) {
    case 'revoke':
      return html`The session of ${who} on <strong>${device ?? 'an unknown device'}</strong> ends at once. This cannot be undone.`
    case 'revoke-others':
      return html`Every session of ${who} ends at once, except the one on <strong>${device ?? 'an unknown device'}</strong>. This cannot be undone.`
    case 'revoke-owner':
      return html`${who} is signed out of <strong>${view.label}</strong> on every device, at once. This cannot be undone.`
    case 'revoke-everything':
      return html`Every visitor of <strong>${view.label}</strong> loses their session: owners are signed out, and guests lose what they had. This cannot be undone.`
  }
}
