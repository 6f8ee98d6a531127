/** The timeline: what happened to the sessions of the last requests. */

import type { SessionEvent } from 'silverback'
import { type Html, html } from '../../lib/html.ts'
import type { Demo } from '../demo.ts'
import { chip } from '../lib/components.ts'
import type { RecentRequest } from '../recent-requests.ts'
import { type Scene, scene } from '../scene.ts'

const path = '/timeline'

export function timeline({ recentRequests }: Demo): Scene {
  return scene({
    path,
    title: 'What happened?',
    summary: [
      'Every request has a list of what happened to its sessions: read, refused, saved or unchanged, and why.',
      'The list contains no secrets, so you can log it and find out why a visitor was signed out.',
    ],
    code: 'events: explain(request)',
    sessions: {},

    show({ visitorId }) {
      const requests = recentRequests.of(visitorId)
      if (requests.length === 0) {
        return html`<h2>No requests yet</h2><p>Visit another scene in a second tab, and watch this one.</p>`
      }
      return html`
        <h2>Your last requests</h2>
        <p class="hint">Newest first. Visit another scene in a second tab, and watch this one.</p>
        <ol class="timeline">${requests.map(requestItem)}</ol>`
    },

    live({ visitorId }, stream) {
      stream.onClose(recentRequests.watch(visitorId, () => stream.change()))
    },
  })
}

function requestItem({ at, method, path, status, events }: RecentRequest): Html {
  const names = new Set(events.map(event => ('name' in event ? event.name : '')))
  return html`
    <li>
      <h3><span class="method">${method}</span> ${path}
        <span class="hint">${status}, ${at.toISOString().slice(11, 19)} UTC</span></h3>
      <ul>${[...names].map(name => sessionItem(name, events))}</ul>
    </li>`
}

/** What happened to one session, in order. */
function sessionItem(name: string, events: readonly SessionEvent[]): Html {
  const own = events.filter(event => ('name' in event ? event.name : '') === name)
  return html`
    <li><code>${name || 'all sessions'}</code> <span class="hint">${own[0]?.store}</span>
      ${own.map(event => html`${outcomeOf(event)} `)}</li>`
}

function outcomeOf(event: SessionEvent): Html {
  switch (event.type) {
    case 'session':
      return chip('plain', event.isNew ? `new: ${event.reason}` : 'found')
    case 'reject':
      return chip('bad', `refused: ${[event.reason, ...event.refusals].join(', ')}`)
    case 'save':
      return chip(event.outcome === 'unchanged' ? 'plain' : 'good', event.outcome)
    case 'revoke':
      return chip('bad', `revoked: ${event.what}`)
    case 'store-error':
      return chip('bad', `failed: ${event.operation}`)
  }
}
