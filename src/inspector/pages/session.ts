/**
 * One session: what is known of it, and its values, which are shown one at a time.
 *
 * @module
 */

import { type Content, type Html, html } from '../../lib/html.ts'
import type { SessionDetails } from '../../stores/server-store.ts'
import { count, cut, exactTime, plural } from '../format.ts'
import type { Redact } from '../redaction.ts'
import type { StoreView } from '../store-view.ts'
import { urlOf } from '../urls.ts'
import { type ShownValue, sizeOf, type TreeNode, treeOf } from '../value-tree.ts'
import type { Visitor } from '../visitor.ts'
import type { Page } from './layout.ts'
import { deviceOf } from './sessions.ts'

interface SessionScene {
  readonly visitor: Visitor
  readonly nowMs: number
  readonly redact: Redact | undefined
}

/** A value to show, by its JSON pointer. */
export interface Shown {
  readonly pointer: string
  readonly value: ShownValue
}

/** The page of a session, with at most one of its values. */
export function sessionPage(
  view: StoreView,
  session: SessionDetails,
  { visitor, nowMs, redact }: SessionScene,
  shown?: Shown,
): Page {
  const device = deviceOf(session)
  return {
    title: device,
    section: 'sessions',
    content: html`<nav class="crumbs" aria-label="Breadcrumbs"><a href="${urlOf({ view: 'sessions', store: view.label })}">${view.label}</a>${
      session.owner === undefined
        ? undefined
        : html`<span aria-hidden="true">/</span><a href="${urlOf({ view: 'sessions', store: view.label, owner: session.owner })}">${cut(session.owner, 80)}</a>`
    }</nav>
<div class="page-head"><h1>${device}</h1></div>
<div class="columns">
  <section class="card" aria-labelledby="values-title">
    <div class="card-head"><h2 id="values-title">Values</h2><span class="muted">${plural(session.bytes, 'byte')}</span></div>
    ${valuesOf(view, session, visitor, redact, shown)}
  </section>
  <div class="side">
    <section class="card" aria-labelledby="facts-title"><h2 id="facts-title">Session</h2>${facts(session, nowMs)}</section>
    <section class="card" aria-labelledby="end-title"><h2 id="end-title">End it</h2>${endings(view, session)}</section>
  </div>
</div>`,
  }
}

function facts(session: SessionDetails, nowMs: number): Html {
  const { owner, name, handle, label, userAgent, address } = session
  const rows: readonly (readonly [string, Content])[] = [
    ['Owner', owner === undefined ? html`<span class="muted">guest</span>` : cut(owner, 200)],
    ['Cookie', html`<code>${cut(name, 100)}</code>`],
    ['Begun', exactTime(session.createdAt, nowMs)],
    ['Last seen', exactTime(session.lastSeenAt, nowMs)],
    ['Expires', exactTime(session.expiresAt, nowMs)],
    ...(session.authenticatedAt
      ? [['Signed in', exactTime(session.authenticatedAt, nowMs)] as const]
      : []),
    ...(label ? [['Label', cut(label, 200)] as const] : []),
    ...(userAgent
      ? [['User agent', html`<span class="long">${cut(userAgent, 512)}</span>`] as const]
      : []),
    ...(address ? [['Address', html`<code>${cut(address, 64)}</code>`] as const] : []),
    ['Handle', html`<code>${handle}</code>`],
  ]
  return html`<dl class="facts">${rows.map(([term, text]) => html`<div><dt>${term}</dt><dd>${text}</dd></div>`)}</dl>`
}

function endings(view: StoreView, { handle, owner }: SessionDetails): Html {
  const link = (action: string, text: string, tone: string, target: Record<string, string>): Html =>
    html`<a class="button ${tone}" href="${urlOf({ view: 'confirm', action, store: view.label, ...target })}">${text}</a>`
  const ofOwner = owner !== undefined && view.canRevokeOwner
  return html`<div class="stack">
  ${link('revoke', 'Revoke this session', 'danger', { handle })}
  ${ofOwner ? link('revoke-others', 'Revoke all others of this owner', 'quiet', { handle }) : undefined}
  ${ofOwner ? link('revoke-owner', 'Revoke all of this owner', 'quiet', { owner }) : undefined}
</div>`
}

function valuesOf(
  view: StoreView,
  session: SessionDetails,
  visitor: Visitor,
  redact: Redact | undefined,
  shown: Shown | undefined,
): Content {
  const { values, handle } = session
  if (typeof values !== 'object' || values === null) {
    return html`<p class="muted">They cannot be read: another serializer wrote them.</p>`
  }
  const nodes = treeOf(values, redact)
  if (nodes.length === 0) return html`<p class="muted">This session has no values.</p>`
  const omitted = sizeOf(values) - nodes.length
  return html`<p class="muted hint">Values stay on the server until you ask for one. Each request is reported to the app.</p>
<form method="post" action="${urlOf({ view: 'session', store: view.label, handle })}" data-values>
<input type="hidden" name="action" value="show-value">
<input type="hidden" name="store" value="${view.label}">
<input type="hidden" name="handle" value="${handle}">
<input type="hidden" name="token" value="${visitor.token('show-value', view.label, handle)}">
${list(nodes, omitted, shown)}
</form>`
}

function list(nodes: readonly TreeNode[], omitted: number, shown: Shown | undefined): Html {
  return html`<ul class="tree">${nodes.map(node => item(node, shown))}${
    omitted > 0 ? html`<li class="muted">… ${count(omitted)} more</li>` : undefined
  }</ul>`
}

function item(node: TreeNode, shown: Shown | undefined): Html {
  const { key, pointer, summary, isHidden, isShowable, children, omitted } = node
  const value = shown?.pointer === pointer ? shown.value : undefined
  const head = html`<span class="key">${key}</span> <span class="type">${isHidden ? html`<span class="lock">hidden</span>` : summary}</span>`
  if (children.length > 0 || omitted > 0) {
    return html`<li><details open><summary>${head}</summary>${list(children, omitted, shown)}</details></li>`
  }
  return html`<li data-pointer="${pointer}"><div class="leaf">${head}${
    isShowable && !value
      ? html`<button class="small quiet" name="pointer" value="${pointer}">Show<span class="sr"> ${key}</span></button>`
      : undefined
  }</div>${
    value
      ? html`<pre tabindex="0" aria-label="Value of ${key}">${value.text === '' ? html`<span class="muted">empty</span>` : value.text}</pre>${value.isCut ? html`<p class="muted">The rest is not shown.</p>` : undefined}`
      : undefined
  }</li>`
}
