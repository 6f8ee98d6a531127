/** A forged form: the two defences against cross-site requests. */

import { defineSession, flash, RefusedError, ServerStore } from 'silverback'
import { csrf, verifyRequest } from 'silverback/csrf'
import { memory } from 'silverback/memory'
import { type Html, html } from '../../lib/html.ts'
import type { Demo } from '../demo.ts'
import { button } from '../lib/components.ts'
import { originOnPort } from '../lib/origin.ts'
import { type Scene, scene } from '../scene.ts'

const path = '/forged-form'

interface Wallet {
  bananas?: number
}

export function forgedForm({ otherPort }: Demo): Scene {
  const store = new ServerStore(memory(), { options: { path, secure: 'auto' } })
  const wallet = defineSession<Wallet>(store, 'demo-wallet')

  return scene({
    path,
    title: 'A forged form',
    summary: [
      'Another page can submit a form to your app, and the browser attaches your cookie to it.',
      'The origin check refuses such a form, and so does the token that only your own pages have.',
    ],
    code: `assertSameOrigin(request) // throws a RefusedError: 403, cross-origin
if (!verifyRequest(request, wallet, { value: form.get('_csrf'), form: 'give' })) {
  throw new RefusedError('csrf-token-invalid', 403, 'the form has no valid token')
}`,
    sessions: { wallet },

    show({ request, sessions: { wallet } }) {
      wallet.values.bananas ??= 20
      return html`
        <h2><span id="bananas">${wallet.values.bananas}</span> bananas are yours</h2>
        <p>Each form below gives ten of them away, if the app accepts it.</p>
        <ul class="rows">
          <li><span class="name">The form of this page</span>
            <form method="post" action="${path}">
              <input type="hidden" name="_csrf" value="${csrf(wallet).token('give')}">
              ${button('give', 'Give ten bananas')}
            </form></li>
          <li><span class="name">The same form without its token</span>
            <form method="post" action="${path}">${button('give', 'Send it without a token', 'quiet')}</form></li>
          <li><span class="name">A form on the page of another origin</span>
            <a class="button quiet" href="${originOnPort(request, otherPort())}" target="_blank">Visit the other page<span
              class="unseen"> in a new tab</span></a></li>
        </ul>
        <p class="hint">The other page has the same host and another port. Browsers regard that as the same site, so
          <code>SameSite=Lax</code> alone does not stop its form.</p>`
    },

    actions: {
      give({ request, sessions: { wallet }, notify }, form) {
        if (!verifyRequest(request, wallet, { value: form.get('_csrf'), form: 'give' })) {
          throw new RefusedError('csrf-token-invalid', 403, 'the form has no valid token')
        }
        const { bananas = 0 } = wallet.values
        if (bananas < 10) return notify(flash.warning('There are no bananas left to give.'))
        wallet.values.bananas = bananas - 10
        notify(flash.success('You gave ten bananas away.'))
      },
    },
  })
}

/** The other page: it submits a form to the demo. */
export function otherSitePage(demoOrigin: string): Html {
  return html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>You have won!</title>
    <link rel="icon" href="data:,">
  </head>
  <body>
    <h1>You have won!</h1>
    <p>This page belongs to somebody else. Its button submits a form to the demo, with your cookie.</p>
    <form method="post" action="${demoOrigin}${path}">
      <button name="action" value="give">Claim your prize</button>
    </form>
  </body>
</html>
`
}
