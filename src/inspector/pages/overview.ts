/**
 * The first page: each store, and what happened in it during the last hour.
 *
 * @module
 */

import { type Content, type Html, html } from '../../lib/html.ts'
import { clock, count, duration } from '../format.ts'
import { type Minute, type RejectReason, type Tally, totalOf } from '../minutes.ts'
import type { Monitor } from '../monitor.ts'
import { bars, lines } from '../plot.ts'
import { reasons } from '../reasons.ts'
import type { Count, StoreView } from '../store-view.ts'
import { urlOf } from '../urls.ts'
import type { Page } from './layout.ts'

/** Counts the sessions of each store, and returns the page. */
export async function overviewPage(views: readonly StoreView[], monitor: Monitor): Promise<Page> {
  const counts = await Promise.all(views.map(view => view.count()))
  const stores = views.map((view, index) => {
    return storePanel(view, index, counts[index], monitor.minutesOf(view).hour())
  })
  return {
    title: 'Overview',
    section: 'overview',
    isLive: true,
    content: html`<div class="page-head"><h1>Overview</h1><p class="muted">The last hour, as this process has seen it.</p></div>${stores}`,
  }
}

function storePanel(
  view: StoreView,
  index: number,
  alive: Count | undefined,
  minutes: readonly Minute[],
): Html {
  const total = totalOf(minutes)
  const at = minutes.map(minute => minute.at)
  const of = (field: 'reads' | 'begun' | 'ended' | 'rejects' | 'conflicts'): number[] =>
    minutes.map(minute => minute[field])
  return html`<section class="store" id="store-${index}" data-live aria-labelledby="store-name-${index}">
  <div class="store-head">
    <h2 id="store-name-${index}">${view.label}</h2>
    ${view.kind === undefined ? undefined : html`<span class="badge">${view.kind}</span>`}
    ${view.name === undefined ? undefined : html`<span class="badge">cookie ${view.name}</span>`}
    <a class="more" href="${urlOf({ view: 'sessions', store: view.label })}">Sessions<span class="sr"> of ${view.label}</span> →</a>
  </div>
  <dl class="tiles">
    ${tile('Alive', alive ? `${count(alive.count)}${alive.isMore ? '+' : ''}` : '–', alive ? 'in the backend' : whyNoCount(view))}
    ${tile('Begun', count(total.begun), 'saved for the first time')}
    ${tile('Ended', count(total.ended), 'signed out or revoked')}
    ${tile('Rejected', count(total.rejects), share(total.rejects, total.reads), total.rejects > 0 ? 'warn' : '')}
    ${tile('Conflicts', count(total.conflicts), 'saves that were merged')}
    ${tile('Errors', count(total.errors), 'of the backend', total.errors > 0 ? 'bad' : '')}
    ${tile('Reads', duration(total.readMs.quantile(0.95)), `95% of ${count(total.reads)}`)}
    ${tile('Saves', duration(total.saveMs.quantile(0.95)), `95% of ${count(total.saves)}`)}
  </dl>
  <div class="plots">
    ${bars({
      title: 'Begun and ended',
      at,
      format: count,
      series: [
        { name: 'begun', tone: 'tone-a', values: of('begun') },
        { name: 'ended', tone: 'tone-b', values: of('ended') },
      ],
    })}
    ${bars({
      title: 'Reads',
      at,
      format: count,
      series: [
        {
          name: 'accepted',
          tone: 'tone-a',
          values: minutes.map(({ reads, rejects }) => reads - rejects),
        },
        { name: 'rejected', tone: 'tone-c', values: of('rejects') },
      ],
    })}
    ${lines({
      title: 'Latency (95%)',
      at,
      format: duration,
      series: [
        {
          name: 'read',
          tone: 'tone-a',
          values: minutes.map(({ readMs }) => readMs.quantile(0.95)),
        },
        {
          name: 'save',
          tone: 'tone-b',
          values: minutes.map(({ saveMs }) => saveMs.quantile(0.95)),
        },
      ],
    })}
  </div>
  ${rejections(total)}
  ${numbers(minutes, index)}
</section>`
}

function tile(name: string, value: string, note: string, tone = ''): Html {
  return html`<div class="tile ${tone}"><dt>${name}</dt><dd><b>${value}</b><small>${note}</small></dd></div>`
}

function whyNoCount(view: StoreView): string {
  if (view.can('enumeration')) return 'not counted in time'
  return view.can('revocation') && view.canRevoke
    ? 'the backend cannot list'
    : 'kept by the browsers'
}

function share(part: number, of: number): string {
  return of === 0 ? 'of no reads' : `${((100 * part) / of).toFixed(part === 0 ? 0 : 1)}% of reads`
}

function rejections({ reasons: byReason, rejects }: Tally): Content {
  const rows = [...byReason].sort(([, a], [, b]) => b - a)
  if (rows.length === 0) return undefined
  return html`<div class="table-box"><table class="rejections">
  <caption>Rejected cookies by reason</caption>
  <thead><tr><th scope="col">Reason</th><th scope="col" class="number">Count</th><th scope="col"><span class="sr">Share</span></th><th scope="col">What it means</th></tr></thead>
  <tbody>${rows.map(([reason, amount]) => rejection(reason, amount, rejects))}</tbody>
</table></div>`
}

function rejection(reason: RejectReason, amount: number, all: number): Html {
  const { title, meaning } =
    reason === 'other'
      ? { title: 'Other', meaning: 'A reason of a custom store.' }
      : reasons[reason]
  const share = Math.max(2, Math.round((100 * amount) / all))
  return html`<tr><th scope="row">${title} <code>${reason}</code></th><td class="number">${count(amount)}</td><td class="share"><svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect class="rail" width="100" height="8"></rect><rect class="tone-c" width="${share}" height="8"></rect></svg></td><td class="muted">${meaning}</td></tr>`
}

/** The plots as a table, for those who cannot see them. */
function numbers(minutes: readonly Minute[], index: number): Html {
  const rows = minutes.filter(
    ({ reads, saves, rejects, ended }) => reads + saves + rejects + ended > 0,
  )
  return html`<details class="numbers" id="numbers-${index}"><summary>The numbers, minute by minute</summary>
  ${
    rows.length === 0
      ? html`<p class="muted">Nothing has happened in the last hour.</p>`
      : html`<div class="table-box"><table>
  <thead><tr><th scope="col">Minute (UTC)</th>${['Reads', 'Begun', 'Ended', 'Rejected', 'Conflicts', 'Read 95%', 'Save 95%'].map(name => html`<th scope="col" class="number">${name}</th>`)}</tr></thead>
  <tbody>${rows
    .reverse()
    .map(
      minute =>
        html`<tr><th scope="row">${clock(minute.at).slice(0, 5)}</th>${[
          count(minute.reads),
          count(minute.begun),
          count(minute.ended),
          count(minute.rejects),
          count(minute.conflicts),
          duration(minute.readMs.quantile(0.95)),
          duration(minute.saveMs.quantile(0.95)),
        ].map(text => html`<td class="number">${text}</td>`)}</tr>`,
    )}</tbody></table></div>`
  }
</details>`
}
