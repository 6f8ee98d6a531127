/**
 * The last requests and what was decided about their sessions, in memory of a fixed size.
 *
 * @module
 */

import { identityOf, type RequestLike } from '../http/request.ts'
import type { EventSource, SessionEvent } from '../session/events.ts'

/** How many requests are kept, and events of one request. */
const maxRequests = 300
const maxEvents = 30
/** The most characters of a path, of a name or an owner, and of a detail. */
const maxPath = 160
const maxName = 120
const maxDetail = 400

/** What a store did for a request. */
export interface Decision {
  readonly at: number
  /** The store, as it is called in the options of the inspector. */
  readonly store: string
  readonly kind: DecisionKind
  /** What was decided: `rejected`, `saved`. */
  readonly verdict: string
  /** The session, and the reason: words and numbers, never data. */
  readonly detail: string
  readonly durationMs: number | undefined
  readonly owner: string | undefined
}

/** A request, or what happened outside of one. */
export interface TimelineEntry {
  /** Counts up from 1. */
  readonly number: number
  /** When its first event was: milliseconds of Unix time. */
  readonly at: number
  /** `GET /account`; undefined for what happened outside of a request, or if the request has no such thing. */
  readonly method: string | undefined
  readonly path: string | undefined
  readonly isRequest: boolean
  readonly decisions: Decision[]
  /** Events beyond the limit. */
  omitted: number
}

/** What to show of the timeline. */
export interface TimelineFilter {
  /** A part of the method and path, or `#` and the number of a request. */
  readonly request?: string
  /** A part of an owner. */
  readonly owner?: string
  readonly store?: string
  readonly kind?: DecisionKind
}

export const decisionKinds = ['read', 'reject', 'change', 'error'] as const
export type DecisionKind = (typeof decisionKinds)[number]

/** Remembers events by their requests. */
export class Timeline {
  readonly #entries: (TimelineEntry | undefined)[] = new Array(maxRequests).fill(undefined)
  readonly #byRequest = new WeakMap<object, TimelineEntry>()
  readonly #ignored = new WeakSet<object>()
  readonly #now: () => number
  #count = 0

  /** @param now - the clock, in milliseconds */
  constructor(now: () => number) {
    this.#now = now
  }

  add(store: string, event: SessionEvent, { request, session }: EventSource): void {
    const identity = request && identityOf(request)
    const entry = (identity && this.#byRequest.get(identity)) ?? this.#newEntry(request, identity)
    if (entry.decisions.length >= maxEvents) {
      entry.omitted++
      return
    }
    entry.decisions.push({
      at: this.#now(),
      store,
      ...decisionOf(event, store),
      owner: session?.owner === undefined ? undefined : cut(session.owner, maxName),
    })
  }

  /** Leaves out the requests of the inspector itself, whenever their events were. */
  ignore(request: object): void {
    const identity = identityOf(request)
    this.#ignored.add(identity)
    const entry = this.#byRequest.get(identity)
    if (entry) this.#entries[(entry.number - 1) % maxRequests] = undefined
  }

  ignores(request: object): boolean {
    return this.#ignored.has(identityOf(request))
  }

  /** The entries that match, newest first. */
  find(filter: TimelineFilter): readonly TimelineEntry[] {
    return this.#entries
      .filter(entry => entry !== undefined && matches(entry, filter))
      .sort((a, b) => (b?.number ?? 0) - (a?.number ?? 0)) as TimelineEntry[]
  }

  #newEntry(request: RequestLike | undefined, identity: object | undefined): TimelineEntry {
    const entry: TimelineEntry = {
      number: ++this.#count,
      at: this.#now(),
      ...lineOf(request),
      isRequest: request !== undefined,
      decisions: [],
      omitted: 0,
    }
    this.#entries[(entry.number - 1) % maxRequests] = entry
    if (identity) this.#byRequest.set(identity, entry)
    return entry
  }
}

/** Keeps words and numbers of the event, not the event: errors can be large. */
function decisionOf(event: SessionEvent, store: string): Omit<Decision, 'at' | 'store' | 'owner'> {
  const durationMs = 'durationMs' in event ? event.durationMs : undefined
  const make = (kind: DecisionKind, verdict: string, details: readonly (string | undefined)[]) => ({
    kind,
    verdict,
    detail: cut(details.filter(Boolean).join(' · '), maxDetail),
    durationMs,
  })
  // Most stores are called like their session.
  const name = 'name' in event && event.name !== store ? cut(event.name, maxName) : undefined
  switch (event.type) {
    case 'session':
      return event.isNew
        ? make('read', 'new', [name, event.reason])
        : make('read', 'found', [name, event.fromCache ? 'from the read cache' : undefined])
    case 'reject':
      return make('reject', 'rejected', [name, event.reason, ...event.refusals])
    case 'save': {
      const kind = event.outcome === 'unchanged' ? 'read' : 'change'
      const conflicts = event.conflicts > 0 ? `${event.conflicts} conflicts` : undefined
      return make(kind, event.outcome, [name, conflicts])
    }
    case 'revoke': {
      const count = event.count === undefined ? undefined : `${event.count} ended`
      return make('change', 'revoked', [event.what, count])
    }
    case 'store-error':
      return make('error', 'failed', [event.operation, event.error.message])
  }
}

function matches(entry: TimelineEntry, { request, owner, store, kind }: TimelineFilter): boolean {
  if (request && !matchesRequest(entry, request.toLowerCase())) return false
  return entry.decisions.some(
    each =>
      (!owner || (each.owner?.toLowerCase().includes(owner.toLowerCase()) ?? false)) &&
      (!store || each.store === store) &&
      (!kind || each.kind === kind),
  )
}

function matchesRequest({ number, method, path }: TimelineEntry, text: string): boolean {
  if (/^#\d+$/.test(text)) return text === `#${number}`
  return `${method} ${path}`.toLowerCase().includes(text)
}

/** Method and path of any kind of request. */
function lineOf(request: RequestLike | undefined): Pick<TimelineEntry, 'method' | 'path'> {
  const { method, url, originalUrl } = Object(request) as Record<string, unknown>
  const target = typeof originalUrl === 'string' ? originalUrl : url
  return {
    method: typeof method === 'string' ? cut(method, 10) : undefined,
    path: typeof target === 'string' || target instanceof URL ? pathOf(String(target)) : undefined,
  }
}

/** The path without its query, and without segments that look like tokens, such as those in links to reset a password. */
function pathOf(target: string): string {
  const path = target
    .slice(0, 2000)
    .replace(/^[a-z][a-z\d+.-]*:\/\/[^/?#]*/i, '')
    .replace(/[?#].*$/s, '')
  return cut(
    path.replace(/[^/]+/g, segment => (looksRandom(segment) ? '…' : segment)) || '/',
    maxPath,
  )
}

function looksRandom(segment: string): boolean {
  return segment.length >= 16 && /\d/.test(segment) && /^[\w.~%+=-]+$/.test(segment)
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}…` : text
}
