/**
 * The sessions of a store, or of one owner.
 *
 * @module
 */

import { type Content, type Html, html } from '../../lib/html.ts'
import type { SessionInfo } from '../../stores/server-store.ts'
import { count, cut, time } from '../format.ts'
import { maxOfOwner, maxPages, pageSize, type SessionPage, type StoreView } from '../store-view.ts'
import { urlOf } from '../urls.ts'
import { type Page, storeTabs } from './layout.ts'

/** What is listed. */
export interface SessionQuery {
  readonly owner: string | undefined
  /** From 1. */
  readonly page: number
}

/** Lists the sessions, and returns the page. Rejects if the backend fails. */
export async function sessionsPage(
  views: readonly StoreView[],
  view: StoreView,
  { owner, page }: SessionQuery,
  nowMs: number,
): Promise<Page> {
  const head = html`<div class="page-head"><h1>Sessions</h1></div>${storeTabs(views, view, { view: 'sessions' })}`
  return {
    title: owner === undefined ? `Sessions of ${view.label}` : `Sessions of ${cut(owner, 60)}`,
    section: 'sessions',
    content: [
      head,
      search(view, owner),
      owner === undefined ? await everybody(view, page, nowMs) : await ofOwner(view, owner, nowMs),
      danger(view),
    ],
  }
}

function search(view: StoreView, owner: string | undefined): Content {
  if (!view.can('listing') && !view.canRevokeOwner) return undefined
  return html`<form method="get" action="?" class="search" role="search">
  <input type="hidden" name="view" value="sessions"><input type="hidden" name="store" value="${view.label}">
  <label for="owner">Owner</label>
  <input id="owner" name="owner" value="${owner ?? ''}" placeholder="exactly as the app calls it" autocomplete="off" autocapitalize="none" spellcheck="false" maxlength="500">
  <button type="submit">Find</button>
  ${owner === undefined ? undefined : html`<a class="button quiet" href="${urlOf({ view: 'sessions', store: view.label })}">Show all</a>`}
</form>`
}

async function everybody(view: StoreView, page: number, nowMs: number): Promise<Content> {
  if (!view.can('enumeration')) return empty(whyNoList(view), hintForList(view))
  const { sessions, hasMore } = await view.page(page)
  if (sessions.length === 0) {
    return page === 1
      ? empty('No sessions yet', 'A session appears here when it is saved for the first time.')
      : empty('No more sessions', 'They may have ended in the meantime.')
  }
  return [table(view, sessions, nowMs, true), pager(view, page, sessions.length, hasMore)]
}

async function ofOwner(view: StoreView, owner: string, nowMs: number): Promise<Content> {
  const bar = ownerBar(view, owner)
  if (!view.can('listing')) {
    return [empty('The sessions of an owner are not listed', hintForList(view)), bar]
  }
  const found: SessionPage = await view.ofOwner(owner)
  if (found.sessions.length === 0) {
    return [
      empty(
        'No sessions',
        'This owner has none. The name must be exactly what the app passes to login().',
      ),
      bar,
    ]
  }
  const note = found.hasMore
    ? html`<p class="muted">This owner has more: the first ${count(maxOfOwner)} that the backend found are listed.</p>`
    : undefined
  return [table(view, found.sessions, nowMs, false), note, bar]
}

function table(
  view: StoreView,
  sessions: readonly SessionInfo[],
  nowMs: number,
  hasOwner: boolean,
): Html {
  return html`<div class="table-box"><table class="cards sessions" role="table">
  <caption class="sr">Sessions</caption>
  <thead role="rowgroup"><tr role="row">
    <th scope="col" role="columnheader">Device</th>
    ${hasOwner ? html`<th scope="col" role="columnheader">Owner</th>` : undefined}
    <th scope="col" role="columnheader">Begun</th>
    <th scope="col" role="columnheader">Last seen</th>
    <th scope="col" role="columnheader">Expires</th>
    <th scope="col" role="columnheader"><span class="sr">Actions</span></th>
  </tr></thead>
  <tbody role="rowgroup">${sessions.map(info => row(view, info, nowMs, hasOwner))}</tbody>
</table></div>`
}

function row(view: StoreView, info: SessionInfo, nowMs: number, hasOwner: boolean): Html {
  const { handle, name, owner } = info
  const target = { store: view.label, handle }
  return html`<tr role="row">
  <th scope="row" role="rowheader"><a href="${urlOf({ view: 'session', ...target })}">${deviceOf(info)}</a><small>${view.name === undefined ? `${cut(name, 60)} · ` : ''}<code>${handle.slice(0, 8)}</code>${info.address === undefined ? '' : ` · ${info.address}`}</small></th>
  ${hasOwner ? html`<td role="cell" data-label="Owner">${owner === undefined ? html`<span class="muted">guest</span>` : html`<a class="owner" href="${urlOf({ view: 'sessions', store: view.label, owner })}">${cut(owner, 80)}</a>`}</td>` : undefined}
  <td role="cell" data-label="Begun">${time(info.createdAt, nowMs)}</td>
  <td role="cell" data-label="Last seen">${time(info.lastSeenAt, nowMs)}</td>
  <td role="cell" data-label="Expires">${time(info.expiresAt, nowMs)}</td>
  <td role="cell" class="actions"><a class="button small danger" href="${urlOf({ view: 'confirm', action: 'revoke', ...target })}">Revoke<span class="sr"> this session</span></a></td>
</tr>`
}

/** The device, or what else is known of it. */
export function deviceOf({
  label,
  userAgent,
  owner,
}: Pick<SessionInfo, 'label' | 'userAgent' | 'owner'>): string {
  return cut(label || userAgent || (owner === undefined ? 'Guest session' : 'Unknown device'), 80)
}

function pager(view: StoreView, page: number, length: number, hasMore: boolean): Html {
  const first = (page - 1) * pageSize + 1
  const link = (to: number, text: string, rel: string): Html =>
    html`<a class="button quiet" rel="${rel}" href="${urlOf({ view: 'sessions', store: view.label, page: to })}">${text}</a>`
  const isLast = page >= maxPages
  return html`<nav class="pager" aria-label="Pages of sessions">
  ${page > 1 ? link(page - 1, '← Previous', 'prev') : undefined}
  <span class="muted">${count(first)}–${count(first + length - 1)}${hasMore ? ' of more' : ''}, in no particular order</span>
  ${hasMore && !isLast ? link(page + 1, 'Next →', 'next') : undefined}
  ${hasMore && isLast ? html`<span class="muted">The list ends here. Search by owner to find the others.</span>` : undefined}
</nav>`
}

function ownerBar(view: StoreView, owner: string): Content {
  if (!view.canRevokeOwner) return undefined
  return html`<div class="bar"><p>Signs <strong>${cut(owner, 80)}</strong> out on every device.</p><a class="button danger" href="${urlOf({ view: 'confirm', action: 'revoke-owner', store: view.label, owner })}">Revoke all sessions of this owner</a></div>`
}

function danger(view: StoreView): Content {
  if (!view.canRevokeEverything) return undefined
  return html`<details class="fold"><summary>End every session of ${view.label}</summary><div class="bar"><p>Signs everybody out, at once, in every process.</p><a class="button danger" href="${urlOf({ view: 'confirm', action: 'revoke-everything', store: view.label })}">Revoke every session</a></div></details>`
}

function empty(title: string, text: string): Html {
  return html`<div class="empty"><h2>${title}</h2><p>${text}</p></div>`
}

function whyNoList(view: StoreView): string {
  return view.canRevoke
    ? 'This backend cannot list its sessions'
    : 'This store does not list its sessions'
}

function hintForList(view: StoreView): string {
  if (view.can('listing')) return 'The backend finds the sessions of an owner: search for one.'
  if (view.canRevoke)
    return 'The backend finds a session only by its cookie: paste one under “Explain”.'
  if (view.canRevokeOwner) {
    return 'The browsers keep them, in cookies. It can still end all sessions of an owner: search for one.'
  }
  return `${view.kind === undefined ? 'It' : `A ${view.kind}`} cannot enumerate them. The overview and the timeline show what happens to them, and “Explain” reads one.`
}
