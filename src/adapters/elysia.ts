/**
 * Sessions for Elysia.
 *
 * @module
 */

// biome-ignore lint/suspicious/noTsIgnore: an error only where Elysia is not installed
/** @ts-ignore So that this file compiles where Elysia is not installed. */
import type { AnyElysia, Elysia } from 'elysia'
import type { SessionSource } from '../session/session-source.ts'
import { type ReportingOptions, splitReportingOptions } from './lib/options.ts'
import { RequestSessions, type SessionFields, type SessionSources } from './lib/request-sessions.ts'
import { saveToResponse, serverError } from './lib/web-response.ts'

export type { ReportingOptions } from './lib/options.ts'

type Nothing = Record<never, never>
type Fetch = (request: Request) => Response | Promise<Response>

/** The plugin's type: it adds `session`, or `sessions`, to the context of handlers. */
export type WithSessions<Sources> = Elysia<
  '',
  { decorator: Nothing; store: Nothing; derive: SessionFields<Sources>; resolve: Nothing }
>

/**
 * A plugin that adds `session` for one source, or `sessions` for several, to the context of handlers. It saves
 * every session of the request before the response is sent, including errors and streams.
 *
 * A failed load goes to the app's `onError`. A failed save results in a 500 and is reported to the option
 * `onError`.
 *
 * Throws a TypeError for invalid sources, and for unknown or invalid options. The plugin throws a TypeError for
 * an app with `aot: false`, because such apps do not run wrappers. Wrap the app's `fetch` with `sessions` of
 * `silverback/web` instead.
 */
export function sessions<const Sources extends SessionSource<object> | SessionSources>(
  sources: Sources,
  options: ReportingOptions = {},
): (app: AnyElysia) => WithSessions<Sources> {
  const { onError, adapterOptions } = splitReportingOptions(options)
  const requestSessions = new RequestSessions(sources, adapterOptions)

  async function save(request: Request, response: Response): Promise<Response> {
    try {
      return await saveToResponse(requestSessions, request, response)
    } catch (error) {
      onError(error)
      return serverError()
    }
  }

  return app => {
    if (app.config.aot === false) {
      throw new TypeError(
        'sessions() cannot save with aot: false; wrap app.fetch with sessions() of silverback/web instead',
      )
    }
    const wrapFetch =
      (fetch: Fetch): Fetch =>
      async request =>
        save(request, await fetch(request))
    // Elysia's type for wrappers has neither Request nor Response.
    return app.wrap(wrapFetch as never).derive(async ({ request }) => ({
      [requestSessions.key]: await requestSessions.open(request),
    }))
  }
}
