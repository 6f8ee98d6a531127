/**
 * Routes requests to pages and actions, and decides who may see them.
 *
 * @module
 */

import { newId } from '../backends/ids.ts'
import { type OriginRequest, requestOrigin } from '../http/origin.ts'
import { isSameOrigin } from '../http/same-origin.ts'
import { endingOf, endSessions, formOf, noticeOf } from './endings.ts'
import { type InspectorEvent, publish } from './events.ts'
import { explainCookie, isSessionName, pastedCookie } from './explain.ts'
import { readForm } from './form.ts'
import { Monitor } from './monitor.ts'
import type { InspectorOptions } from './options.ts'
import { confirmPage } from './pages/confirm.ts'
import { type Explained, explainPage } from './pages/explain.ts'
import { layout, type Page, plainPage, type Scene } from './pages/layout.ts'
import { messagePage } from './pages/message.ts'
import { overviewPage } from './pages/overview.ts'
import { sessionPage } from './pages/session.ts'
import { deviceOf, sessionsPage } from './pages/sessions.ts'
import { timelinePage } from './pages/timeline.ts'
import {
  closedPolicy,
  isResponse,
  notFound,
  notLocal,
  policyOf,
  securityHeaders,
  send,
  sendAsset,
} from './responses.ts'
import { maxPages, StoreView } from './store-view.ts'
import { type DecisionKind, decisionKinds } from './timeline.ts'
import { urlOf } from './urls.ts'
import { showValue } from './value-tree.ts'
import { Visitor } from './visitor.ts'

/** A page with its status. */
interface Result {
  readonly status: number
  readonly page: Page
}

/** A request whose sender may see the pages. */
interface Visit {
  readonly request: Request
  /** The request whose origin counts: that of the framework, if there is one. */
  readonly source: OriginRequest
  readonly query: URLSearchParams
  readonly scene: Scene
}

const localAddress = /^(?:127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1)$/
const localHost =
  /^(?:localhost|[\w-]+\.localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])(?::\d+)?$/

export class Application {
  readonly #options: InspectorOptions
  readonly #views: readonly StoreView[]
  readonly #monitor: Monitor
  readonly #now: () => number

  constructor(options: InspectorOptions) {
    this.#options = options
    this.#now = options.nowMs ?? Date.now
    this.#views = Object.entries(options.stores).map(
      ([label, given]) => new StoreView(label, given, this.#now),
    )
    this.#monitor = new Monitor(this.#views, this.#now)
  }

  /**
   * Responds to a request. Never rejects.
   *
   * @param original - the request of the framework
   * @param source - the request whose origin counts
   */
  async respond(request: Request, original: unknown, source: OriginRequest): Promise<Response> {
    try {
      this.#monitor.timeline.ignore(request)
      this.#monitor.timeline.ignore(source)
      const { authorize } = this.#options
      const decision = authorize ? await authorize(request, original) : this.#isLocal(source)
      if (isResponse(decision)) return decision
      if (decision !== true) return authorize ? notFound() : notLocal()
      return await this.#serve(request, source)
    } catch (error) {
      this.report(error)
      return send(plainPage('Error', 'The error was reported to the app.'), 500, closedPolicy)
    }
  }

  /** The origin that the client requested. */
  originOf(source: OriginRequest): string {
    return requestOrigin(source, this.#options.trustProxy).origin ?? 'http://localhost'
  }

  /** Calls the option `onError`. */
  report(error: unknown): void {
    const { onError = console.error } = this.#options
    try {
      onError(error)
    } catch {}
  }

  /**
   * Whether the request comes from this machine. A page of another site cannot pass: its host name would have to be that
   * of this machine. Web requests have no address.
   */
  #isLocal(source: OriginRequest): boolean {
    const { host = '', address } = requestOrigin(source, this.#options.trustProxy)
    return localHost.test(host) && (address === undefined || localAddress.test(address))
  }

  async #serve(request: Request, source: OriginRequest): Promise<Response> {
    const { search, searchParams: query } = new URL(request.url)
    const isRead = request.method === 'GET' || request.method === 'HEAD'
    if (!isRead && request.method !== 'POST') {
      return send(plainPage('Method not allowed', ''), 405, closedPolicy, {
        allow: 'GET, HEAD, POST',
      })
    }
    const asset = query.get('asset')
    if (asset !== null) return isRead ? sendAsset(asset, search) : notFound()
    const { secure } = requestOrigin(source, this.#options.trustProxy)
    const visitor = new Visitor(request, secure)
    const scene = { views: this.#views, visitor, nonce: newId(), nowMs: this.#now() }
    const visit = { request, source, query, scene }
    let result: Result | Response
    try {
      result = isRead ? await this.#show(visit) : await this.#act(visit)
    } catch (error) {
      this.report(error)
      result = message(500, 'Something failed', 'The error was reported to the app.')
    }
    const response =
      result instanceof Response
        ? result
        : send(layout(scene, result.page), result.status, policyOf(scene.nonce))
    // A form that another site sent comes without the cookie, and must not replace it.
    if (isRead && visitor.setCookie !== undefined)
      response.headers.append('set-cookie', visitor.setCookie)
    return request.method === 'HEAD' ? new Response(null, response) : response
  }

  async #show({ query, scene }: Visit): Promise<Result> {
    const { visitor, nowMs } = scene
    const notice = noticeOf(query.get('done'), visitor)
    const found = (page: Page): Result => ({ status: 200, page: { ...page, notice } })
    const view = this.#viewOf(query.get('store'))
    if (!view) return noSuchPage()
    switch (query.get('view') ?? 'overview') {
      case 'overview':
        return found(await overviewPage(this.#views, this.#monitor))
      case 'sessions': {
        const owner = query.get('owner')?.slice(0, 1000).toWellFormed() || undefined
        const page = Math.min(Math.max(Math.trunc(Number(query.get('page'))) || 1, 1), maxPages)
        return found(await sessionsPage(this.#views, view, { owner, page }, nowMs))
      }
      case 'session': {
        const session = await view.session(query.get('handle') ?? '')
        if (!session) return noSuchSession()
        return found(sessionPage(view, session, { visitor, nowMs, redact: this.#options.redact }))
      }
      case 'timeline':
        return found(timelinePage(this.#views, this.#monitor.timeline, filterOf(query)))
      case 'explain':
        return found(
          explainPage(this.#views, view, { visitor, nowMs, name: view.cookieName }, undefined),
        )
      case 'confirm':
        return this.#confirm(visitor, query)
      default:
        return noSuchPage()
    }
  }

  async #act({ request, source, scene }: Visit): Promise<Result | Response> {
    if (!isSameOrigin(source, { trustProxy: this.#options.trustProxy })) {
      return message(403, 'Not allowed', 'The form was sent by a page of another origin.')
    }
    const form = await readForm(request)
    if (typeof form === 'number')
      return message(form, 'Not accepted', 'The form has a wrong type, or is too large.')
    const view = this.#viewOf(form.get('store'))
    if (!view) return noSuchPage()
    switch (form.get('action')) {
      case 'show-value':
        return this.#showValue(view, form, request, scene)
      case 'explain':
        return this.#explain(view, form, request, scene)
      default:
        return this.#end(view, form, request, scene)
    }
  }

  async #showValue(
    view: StoreView,
    form: URLSearchParams,
    request: Request,
    scene: Scene,
  ): Promise<Result> {
    const handle = form.get('handle') ?? ''
    const pointer = form.get('pointer') ?? ''
    const { visitor, nowMs } = scene
    if (!visitor.verify(form.get('token'), 'show-value', view.label, handle)) return outdated()
    const session = await view.session(handle)
    if (!session) return noSuchSession()
    const { redact } = this.#options
    const { values, owner } = session
    const value = values && showValue(values, pointer, redact)
    if (!value)
      return message(
        404,
        'No such value',
        'The session has changed in the meantime, or the value is hidden.',
      )
    const store = view.label
    await this.#emit(
      { type: 'inspector', action: 'show-value', store, owner, handle, path: value.path },
      request,
    )
    const shown = { pointer, value }
    return { status: 200, page: sessionPage(view, session, { visitor, nowMs, redact }, shown) }
  }

  async #explain(
    view: StoreView,
    form: URLSearchParams,
    request: Request,
    scene: Scene,
  ): Promise<Result> {
    const { visitor, nowMs } = scene
    if (!visitor.verify(form.get('token'), 'explain')) return outdated()
    const name = form.get('name')?.trim() ?? ''
    const page = (explained: Explained): Page =>
      explainPage(this.#views, view, { visitor, nowMs, name }, explained)
    if (!isSessionName(name)) {
      return { status: 422, page: page({ problem: 'A cookie cannot have this name.' }) }
    }
    const cookie = pastedCookie(form.get('cookie') ?? '', name)
    if (!cookie) {
      return {
        status: 422,
        page: page({ problem: `There is no cookie called “${name}” in what you pasted.` }),
      }
    }
    const explanation = await explainCookie(view, name, cookie, each =>
      this.#monitor.timeline.ignore(each),
    )
    const { owner, handle } = explanation
    await this.#emit(
      { type: 'inspector', action: 'explain', store: view.label, owner, handle },
      request,
    )
    return { status: 200, page: page({ explanation }) }
  }

  async #confirm(visitor: Visitor, query: URLSearchParams): Promise<Result> {
    const named = this.#viewOf(query.get('store'))
    const ending = named && endingOf(query, named)
    if (!ending) return noSuchPage()
    const { view, action } = ending
    const session = ending.handle === undefined ? undefined : await view.session(ending.handle)
    if (ending.handle !== undefined && !session) return noSuchSession()
    // The owner of the session, not the one that the URL names.
    const owner = session ? session.owner : ending.owner
    if (action === 'revoke-others' && owner === undefined) return noSuchPage()
    const known = { ...ending, owner }
    const device = session && deviceOf(session)
    return {
      status: 200,
      page: confirmPage(known, { token: visitor.token(...formOf(known)), device }),
    }
  }

  async #end(
    named: StoreView,
    form: URLSearchParams,
    request: Request,
    { visitor }: Scene,
  ): Promise<Result | Response> {
    const ending = endingOf(form, named)
    if (!ending) return noSuchPage()
    if (!visitor.verify(form.get('token'), ...formOf(ending))) return outdated()
    const { action, view, handle, owner } = ending
    if (action === 'revoke-everything' && form.get('confirm') !== view.label) {
      const problem = `Type “${view.label}” exactly.`
      return {
        status: 422,
        page: confirmPage(ending, { token: visitor.token(...formOf(ending)), problem }),
      }
    }
    const count = await endSessions(ending)
    await this.#emit(
      { type: 'inspector', action, store: view.label, owner, handle, count },
      request,
    )
    const done = [action, count ?? '', visitor.token('done', action, String(count ?? ''))].join('.')
    const location = urlOf({ view: 'sessions', store: view.label, owner, done })
    return new Response(null, { status: 303, headers: { ...securityHeaders, location } })
  }

  /** The first store if none is named; undefined if there is no such store. */
  #viewOf(label: string | null): StoreView | undefined {
    return label === null || label === ''
      ? this.#views[0]
      : this.#views.find(view => view.label === label)
  }

  async #emit(event: InspectorEvent, request: Request): Promise<void> {
    publish(event)
    try {
      await this.#options.onAction?.(event, request)
    } catch (error) {
      this.report(error)
    }
  }
}

function filterOf(query: URLSearchParams): {
  request: string
  owner: string
  store: string
  kind?: DecisionKind
} {
  const text = (name: string): string => query.get(name)?.trim().slice(0, 200) ?? ''
  const kind = decisionKinds.find(each => each === query.get('kind'))
  return {
    request: text('request'),
    owner: text('owner'),
    store: text('store'),
    ...(kind && { kind }),
  }
}

function message(status: number, title: string, text: string): Result {
  return { status, page: messagePage(title, text) }
}

function noSuchPage(): Result {
  return message(404, 'No such page', 'The address is wrong, or the store cannot do this.')
}

function noSuchSession(): Result {
  return message(404, 'No such session', 'It has ended, has expired, or got a new id.')
}

function outdated(): Result {
  return message(
    403,
    'This form is outdated',
    'Nothing was done. Open the page again and repeat it.',
  )
}
