/**
 * What a case of the adapter suite is made of.
 *
 * @module
 */

import type { ReportingOptions } from '../../adapters/lib/options.ts'
import type { SessionSources } from '../../adapters/lib/request-sessions.ts'
import type { RequestLike } from '../../http/request.ts'
import type { ResponseLike } from '../../http/response.ts'
import type { Session } from '../../session/session.ts'
import type { SessionSource } from '../../session/session-source.ts'
import type { Browser, Coming } from './browser.ts'

/** A request as the handler of a case sees it. */
export interface Visit {
  /** Path and query. */
  readonly path: string
  /** What the adapter put at its place, when it was given one source. */
  readonly session: Session
  /** What the adapter put at its place, when it was given several. */
  readonly sessions: Readonly<Record<string, Session>>
  /** The framework's own request object, or Node's or the web's where users would take that. */
  readonly request: RequestLike
  /** What users would save a session to by hand. */
  readonly response: ResponseLike
  /** The body of the request as text. */
  body(): Promise<string>
  /** Node's own response, in frameworks where handlers may answer with it. */
  readonly node?: NodeResponse
}

/** What handlers call of Node's `ServerResponse`. */
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

/** What a handler answers, to be sent as the framework's users send it. */
export interface Answer {
  /** Default 200. */
  readonly status?: number
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  /** Sent at once, or piece by piece as it comes. Default: no body. */
  readonly body?: string | AsyncIterable<string>
  /** Send the browser there, with 302. */
  readonly redirect?: string
}

/** Undefined when the handler has answered with Node's response. May throw, as handlers do. */
export type Handle = (visit: Visit) => Answer | undefined | Promise<Answer | undefined>

/** An app to be started: the adapter with these arguments, and one handler. */
export interface TestApp {
  readonly sources: SessionSource<object> | SessionSources
  readonly options: ReportingOptions
  /** For every request whose path does not begin with `/missing`: those the framework answers itself. */
  readonly handle: Handle
}

/** An app that listens. */
export interface RunningApp {
  /** As in `http://127.0.0.1:8080`. */
  readonly origin: string
  close(): Promise<void> | void
}

/** Starts an app in a framework, on a free port. */
export type StartApp = (app: TestApp) => Promise<RunningApp>

/** Handlers by path. */
export type Routes = Readonly<Record<string, Handle>>

/** What a case may set besides its handlers. */
export interface Setup {
  /** Default: a session `login` in a cookie. */
  readonly sources?: TestApp['sources']
  readonly saveOnError?: 'keep' | 'discard'
  readonly onError?: (error: unknown) => void
}

/** An app that a case has started. */
export interface StartedApp {
  /** A browser without cookies. */
  browser(options?: { keepAlive?: boolean }): Browser
  /** Sends a GET that no browser would send, over a connection of its own. */
  raw(path: string, headerLines: readonly string[]): Promise<Coming>
}

/** What a case is given. */
export interface Bench {
  /** Starts an app, which ends with the case. */
  start(routes: Routes, setup?: Setup): Promise<StartedApp>
}

/** One thing that every adapter has to do. Rejects when it does not. */
export type Case = (bench: Bench) => Promise<void>

/** The shortest answer. */
export const ok: Answer = { body: 'ok' }
