/**
 * Opens a session for the duration of a block, for code without a hook at the end of the request.
 *
 * @module
 */

/// <reference lib="esnext.disposable" preserve="true" />

import type { RequestLike } from '../http/request.ts'
import type { ResponseLike } from '../http/response.ts'
import { assertKnownOptions } from '../lib/assert-options.ts'
import { describeKind } from '../lib/describe.ts'
import { ignoreUnsaved } from './request-checks.ts'
import { type SessionOf, type SessionSource, sessionFrom } from './session-source.ts'

/** Options of {@link openSession}. */
export interface OpenSessionOptions {
  /**
   * Called if the save at the end of the block fails. Default `console.error`. To handle a failure inside
   * the block, await {@link OpenSession.save}.
   */
  onError?: (error: unknown) => void
}

/** A session that is saved at the end of its block. */
export interface OpenSession<T> extends AsyncDisposable {
  readonly session: T
  /**
   * Saves immediately. Later changes are saved at the end of the block. Rejects with the errors of
   * {@link Session.save}.
   */
  save(): Promise<void>
  /** Drops all unsaved changes: nothing is saved at the end of the block. */
  discard(): void
}

/**
 * Opens a session that is saved at the end of the block:
 *
 *     await using login = await openSession(logins, request, response)
 *     login.session.values.visits = 1
 *     redirect('/')
 *
 * The session is also saved if the block throws, since frameworks throw to redirect. The save at the end
 * of the block never throws, because that would hide the error thrown in the block. It reports failures
 * to `onError`.
 *
 * Rejects with the errors of {@link Store.get}, and with a TypeError if `onError` is not a function.
 */
export async function openSession<const Source extends SessionSource<object>>(
  source: Source,
  request: RequestLike,
  response: ResponseLike,
  options: OpenSessionOptions = {},
): Promise<OpenSession<SessionOf<Source>>> {
  assertKnownOptions('openSession', options, ['onError'])
  const { onError = console.error } = options
  if (typeof onError !== 'function') {
    throw new TypeError(`onError must be a function, not ${describeKind(onError)}`)
  }
  const session = await sessionFrom(source, request)
  const save = async (): Promise<void> => source.store.save(request, response, session)
  let isDiscarded = false
  return {
    session,
    save,
    discard() {
      isDiscarded = true
      ignoreUnsaved(session)
    },
    async [Symbol.asyncDispose]() {
      if (isDiscarded) return
      try {
        await save()
      } catch (error) {
        onError(error)
      }
    },
  }
}
