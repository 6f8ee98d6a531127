/**
 * The timeline of recent requests and what was decided about their sessions.
 *
 * @module
 */

import { type Content, type Html, html } from '../../lib/html.ts'
import { clock, cut, duration, plural, utc } from '../format.ts'
import type { StoreView } from '../store-view.ts'
import {
  type Decision,
  type DecisionKind,
  decisionKinds,
  type Timeline,
  type TimelineEntry,
  type TimelineFilter,
} from '../timeline.ts'
import { urlOf } from '../urls.ts'
import type { Page } from './layout.ts'

/** How many requests the page shows. */
const maxShown = 100

const kindNames: Readonly<Record<DecisionKind, string>> = {
  read: 'Reads',
  reject: 'Rejections',
  change: 'Changes',
  error: 'Errors',
}

export function timelinePage(
  views: readonly StoreView[],
  timeline: Timeline,
  filter: TimelineFilter,
): Page {
  const found = timeline.find(filter)
  const isFiltered = Object.values(filter).some(Boolean)
  return {
    title: 'Timeline',
    section: 'timeline',
    isLive: true,
    content: html`<div class="page-head"><h1>Timeline</h1><p class="muted">Recent requests, and what became of their sessions.</p></div>
${filterForm(views, filter, isFiltered)}
<div id="entries" data-live>${
      found.length === 0
        ? html`<div class="empty"><h2>${isFiltered ? 'No request matches' : 'Nothing yet'}</h2><p>${isFiltered ? 'Only the last 300 requests are kept.' : 'Requests appear here when a store reads or saves a session.'}</p></div>`
        : html`<ol class="timeline">${found.slice(0, maxShown).map(entry)}</ol>${found.length > maxShown ? html`<p class="muted">${plural(found.length - maxShown, 'older request')} left out: filter to find them.</p>` : undefined}`
    }</div>`,
  }
}

function filterForm(
  views: readonly StoreView[],
  filter: TimelineFilter,
  isFiltered: boolean,
): Html {
  const { request = '', owner = '', store = '', kind = '' } = filter
  return html`<form method="get" action="?" class="filters" role="search">
  <input type="hidden" name="view" value="timeline">
  <div class="field"><label for="request">Request</label><input id="request" name="request" value="${request}" placeholder="/path or #12" autocomplete="off" autocapitalize="none" spellcheck="false" maxlength="200"></div>
  <div class="field"><label for="owner">Owner</label><input id="owner" name="owner" value="${owner}" autocomplete="off" autocapitalize="none" spellcheck="false" maxlength="200"></div>
  ${views.length > 1 ? html`<div class="field"><label for="store">Store</label><select id="store" name="store">${option('', 'All', store)}${views.map(({ label }) => option(label, label, store))}</select></div>` : undefined}
  <div class="field"><label for="kind">What</label><select id="kind" name="kind">${option('', 'Everything', kind)}${decisionKinds.map(each => option(each, kindNames[each], kind))}</select></div>
  <button type="submit">Filter</button>
  ${isFiltered ? html`<a class="button quiet" href="${urlOf({ view: 'timeline' })}">Clear</a>` : undefined}
</form>`
}

function option(value: string, text: string, selected: string): Html {
  return html`<option value="${value}"${value === selected ? html` selected` : ''}>${text}</option>`
}

function entry(each: TimelineEntry): Html {
  const { number, at, method, path, isRequest, decisions, omitted } = each
  const owner = decisions.findLast(decision => decision.owner !== undefined)?.owner
  const line = isRequest
    ? html`<b class="method">${method ?? ''}</b> <span class="path">${path ?? 'a request'}</span>`
    : html`<span class="path muted">outside of a request</span>`
  return html`<li class="entry" id="entry-${number}">
  <div class="entry-head"><time datetime="${new Date(at).toISOString()}" title="${utc(new Date(at))}">${clock(at)}</time><span class="line">${line}</span>${owner === undefined ? undefined : html`<a class="owner" href="${urlOf({ view: 'timeline', owner })}">${cut(owner, 60)}</a>`}<a class="id" href="${urlOf({ view: 'timeline', request: `#${number}` })}">#${number}</a></div>
  <ul class="decisions">${decisions.map(decision)}${omitted > 0 ? html`<li class="muted">${plural(omitted, 'more event')}</li>` : undefined}</ul>
</li>`
}

function decision({ store, kind, verdict, detail, durationMs }: Decision): Content {
  return html`<li><span class="verdict kind-${kind}">${verdict}</span><span class="where">${store}</span><span class="detail">${detail}</span>${durationMs === undefined ? undefined : html`<span class="ms">${duration(durationMs)}</span>`}</li>`
}
