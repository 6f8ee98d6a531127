/**
 * A form that explains a cookie.
 *
 * @module
 */

import { type Content, type Html, html } from '../../lib/html.ts'
import type { Explanation } from '../explain.ts'
import { count, cut, exactTime } from '../format.ts'
import { isReason, reasons } from '../reasons.ts'
import type { StoreView } from '../store-view.ts'
import { urlOf } from '../urls.ts'
import type { Visitor } from '../visitor.ts'
import type { Page } from './layout.ts'

/** What became of the form: an explanation, or what is wrong with it. */
export type Explained =
  | { readonly explanation: Explanation }
  | { readonly problem: string }
  | undefined

export function explainPage(
  views: readonly StoreView[],
  view: StoreView,
  {
    visitor,
    nowMs,
    name,
  }: { readonly visitor: Visitor; readonly nowMs: number; readonly name: string },
  explained: Explained,
): Page {
  return {
    title: 'Explain a cookie',
    section: 'explain',
    content: html`<div class="page-head"><h1>Explain a cookie</h1><p class="muted">Why is this visitor signed out? Paste the value of the cookie, or the whole <code>Cookie</code> header.</p></div>
${explained && 'explanation' in explained ? result(view, explained.explanation, nowMs) : undefined}
<form method="post" action="${urlOf({ view: 'explain' })}" class="card form">
  <input type="hidden" name="action" value="explain">
  <input type="hidden" name="token" value="${visitor.token('explain')}">
  <div class="pair">
    <div class="field"><label for="store">Store</label><select id="store" name="store">${views.map(each => html`<option value="${each.label}"${each === view ? html` selected` : ''}>${each.label}</option>`)}</select></div>
    <div class="field"><label for="name">Name of the cookie</label><input id="name" name="name" value="${name}" required autocomplete="off" autocapitalize="none" spellcheck="false" maxlength="200"></div>
  </div>
  <div class="field"><label for="cookie">Cookie</label><textarea id="cookie" name="cookie" rows="5" required autocomplete="off" autocapitalize="none" spellcheck="false" aria-describedby="cookie-note${explained && 'problem' in explained ? ' cookie-problem' : ''}"></textarea>
  <p class="muted" id="cookie-note">A cookie signs its owner in, so treat it like a password. It is sent in a form, is not shown again, and does not appear in a URL or a log.</p>
  ${explained && 'problem' in explained ? html`<p class="problem" id="cookie-problem" role="alert">${explained.problem}</p>` : undefined}</div>
  <button type="submit">Explain</button>
</form>`,
  }
}

function result(view: StoreView, explanation: Explanation, nowMs: number): Html {
  const { isAlive, reason, isReadOnly } = explanation
  const verdict = isAlive
    ? {
        title: 'A session that is alive',
        meaning: isReadOnly
          ? 'The session can only be read with this cookie, because another request has given it a new id.'
          : 'The store accepts this cookie.',
        advice: '',
      }
    : reason !== undefined && isReason(reason)
      ? reasons[reason]
      : {
          title: 'Not accepted',
          meaning: 'The store reports a reason that is not known here.',
          advice: '',
        }
  return html`<section class="card result ${isAlive ? 'good' : 'bad'}" aria-labelledby="result-title" role="status">
  <h2 id="result-title">${verdict.title}${reason === undefined ? undefined : html` <code>${cut(reason, 60)}</code>`}</h2>
  <p>${verdict.meaning}</p>
  ${verdict.advice ? html`<p class="muted">${verdict.advice}</p>` : undefined}
  ${facts(view, explanation, nowMs)}
</section>`
}

function facts(view: StoreView, each: Explanation, nowMs: number): Html {
  const rows: readonly (readonly [string, Content])[] = [
    ['Store', view.kind === undefined ? view.label : `${view.label} (${view.kind})`],
    ['Cookie', html`<code>${each.name}</code>, ${count(each.bytes)} bytes`],
    ...(each.refusals.length > 0
      ? [['Refused', each.refusals.map(code => html`<code>${code}</code> `)] as const]
      : []),
    ...(each.owner === undefined ? [] : [['Owner', cut(each.owner, 200)] as const]),
    ...(each.createdAt ? [['Begun', exactTime(each.createdAt, nowMs)] as const] : []),
    ...(each.authenticatedAt
      ? [['Signed in', exactTime(each.authenticatedAt, nowMs)] as const]
      : []),
    ...(each.expiresAt ? [['Expires', exactTime(each.expiresAt, nowMs)] as const] : []),
    ...(each.handle !== undefined && view.canRevoke
      ? [
          [
            'Session',
            html`<a href="${urlOf({ view: 'session', store: view.label, handle: each.handle })}">Open</a>`,
          ] as const,
        ]
      : []),
  ]
  return html`<dl class="facts">${rows.map(([term, text]) => html`<div><dt>${term}</dt><dd>${text}</dd></div>`)}</dl>`
}
