/**
 * Sessions for Elysia.
 *
 * @module
 */

// biome-ignore lint/suspicious/noTsIgnore: an error only where Elysia is not installed
/** @ts-ignore Without Elysia this entry is of no use, but compiles. */
import type { AnyElysia, Elysia } from 'elysia'
import type { SessionSource } from '../session/session-source.ts'
import type { ReportingOptions } from './lib/options.ts'
import { RequestSessions, type SessionFields, type SessionSources } from './lib/request-sessions.ts'
import { saveToResponse, serverError } from './lib/web-response.ts'

export type { ReportingOptions } from './lib/options.ts'

type Nothing = Record<never, never>
type Fetch = (request: Request) => Response | Promise<Response>

/** What the plugin makes of an app: one whose handlers get `session`, or `sessions`. */
export type WithSessions<Sources> = Elysia<
  '',
  { decorator: Nothing; store: Nothing; derive: SessionFields<Sources>; resolve: Nothing }
>

/**
 * A plugin that gives handlers the session of the source as `session`, or those of several as `sessions`,
 * and saves every session of the request before the response is sent, errors and streams included.
 *
 * A session that cannot be loaded goes to `onError` of the app. One that cannot be saved ends as a 500, and
 * is told to `onError` of the options.
 *
 * Throws a TypeError for wrong sources and options. The plugin throws one for an app with `aot: false`,
 * which goes past what wraps it: wrap its `fetch` with `sessions` of `silverback/web`.
 */
export function sessions<const Sources extends SessionSource<object> | SessionSources>(
  sources: Sources,
  options: ReportingOptions = {},
): (app: AnyElysia) => WithSessions<Sources> {
  const ours = new RequestSessions(sources, options)
  const { onError = console.error } = options

  async function saved(request: Request, response: Response): Promise<Response> {
    try {
      return await saveToResponse(ours, request, response)
    } catch (error) {
      onError(error)
      return serverError()
    }
  }

  return app => {
    if (app.config.aot === false) {
      throw new TypeError(
        'sessions cannot save with aot: false; wrap app.fetch with those of silverback/web',
      )
    }
    const around =
      (fetch: Fetch): Fetch =>
      async request =>
        saved(request, await fetch(request))
    // Elysia's own type for what wraps its fetch says nothing of a Request or a Response.
    return app
      .wrap(around as never)
      .derive(async ({ request }) => ({ [ours.key]: await ours.open(request) }))
  }
}
