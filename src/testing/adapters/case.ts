/**
 * The types of the adapter suite's cases and of the apps that they start.
 *
 * @module
 */

import type { CsrfProtectionOptions } from '../../adapters/lib/csrf-guard.ts'
import type { LoginOptions } from '../../adapters/lib/guards.ts'
import type { ReportingOptions } from '../../adapters/lib/options.ts'
import type { SessionSources } from '../../adapters/lib/request-sessions.ts'
import type { RequestLike } from '../../http/request.ts'
import type { ResponseLike } from '../../http/response.ts'
import type { Session } from '../../session/session.ts'
import type { SessionSource } from '../../session/session-source.ts'
import type { Browser, ResponseBody } from './browser.ts'

/** What an app passes to the handler of a case, for each request. */
export interface Visit {
  /** Path and query. */
  readonly path: string
  /** The session that the adapter provides for a single source. */
  readonly session: Session
  /** The sessions that the adapter provides for several sources. */
  readonly sessions: Readonly<Record<string, Session>>
  /** Loads the session of a single source, with the option `lazy`. Default: `store.get(request, name)`. */
  load?(): Promise<Session>
  /** The request object that the framework's users would pass to `store.get`. */
  readonly request: RequestLike
  /** The response object that the framework's users would pass to `session.save`. */
  readonly response: ResponseLike
  /** The body of the request as text. */
  body(): Promise<string>
  /** Node's response, in frameworks whose handlers may write to it. */
  readonly node?: NodeResponse
}

/** The subset of Node's `ServerResponse` that handlers use. */
export interface NodeResponse {
  statusCode: number
  readonly headersSent: boolean
  readonly writableEnded: boolean
  setHeader(name: string, value: string | readonly string[]): unknown
  writeHead(status: number, ...rest: unknown[]): unknown
  write(chunk: string, callback?: () => void): boolean
  end(chunk?: string, callback?: () => void): unknown
  flushHeaders(): void
  writeContinue(): void
  writeEarlyHints(hints: Record<string, string | string[]>): void
  once(event: string, listener: () => void): unknown
}

/** The result of a handler. The app sends it in the way of the framework's users. */
export interface TestResponse {
  /** Default 200. */
  readonly status?: number
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  /** A string, or an iterable that is streamed. Default: no body. */
  readonly body?: string | AsyncIterable<string>
  /** The target of a redirect with status 302. */
  readonly redirect?: string
}

/** A handler. It returns undefined if it has written to Node's response, and may throw. */
export type Handle = (visit: Visit) => TestResponse | undefined | Promise<TestResponse | undefined>

/** A guard of a route: the function of the adapter, and its options. */
export type RouteGuard =
  | { readonly use: 'requireLogin'; readonly options: LoginOptions }
  | { readonly use: 'requireFreshLogin'; readonly seconds: number; readonly options: LoginOptions }
  | { readonly use: 'csrfProtection'; readonly options: CsrfProtectionOptions }

/** The app to start: the arguments of the adapter, and a handler. */
export interface TestApp {
  readonly sources: SessionSource<object> | SessionSources
  readonly options: ReportingOptions
  /** The guards of routes, by path. They are for a single source. */
  readonly guards?: Readonly<Record<string, RouteGuard>>
  /** Handles every request, except for paths that start with `/missing`: the framework responds to those with 404. */
  readonly handle: Handle
}

/** A listening app. */
export interface RunningApp {
  /** Such as `http://127.0.0.1:8080`. */
  readonly origin: string
  close(): Promise<void> | void
}

/** Starts an app in a framework, on a free port. */
export type StartApp = (app: TestApp) => Promise<RunningApp>

/** Handlers by path. */
export type Routes = Readonly<Record<string, Handle>>

/** Optional settings of an app. */
export interface Setup {
  /** Default: a session `login` in a cookie store. */
  readonly sources?: TestApp['sources']
  readonly saveOnError?: 'keep' | 'discard'
  readonly lazy?: boolean
  /** Default: none. */
  readonly guards?: NonNullable<TestApp['guards']>
  readonly onError?: (error: unknown) => void
}

/** An app that a case has started. */
export interface StartedApp {
  /** Makes a browser without cookies. */
  browser(options?: { keepAlive?: boolean }): Browser
  /** Sends a GET request with raw header lines, over a new connection. */
  raw(path: string, headerLines: readonly string[]): Promise<ResponseBody>
}

/** The argument of a case. */
export interface CaseContext {
  /** Starts an app, which is closed when the case ends. */
  start(routes: Routes, setup?: Setup): Promise<StartedApp>
}

/** One requirement for adapters. Rejects if the adapter does not meet it. */
export type Case = (bench: CaseContext) => Promise<void>

/** A minimal response. */
export const ok: TestResponse = { body: 'ok' }
