/**
 * A session for the time of a block, where no hook runs at the end of a request.
 *
 * @module
 */

/// <reference lib="esnext.disposable" preserve="true" />

import type { RequestLike } from '../http/request.ts'
import type { ResponseLike } from '../http/response.ts'
import { describeKind } from '../lib/describe.ts'
import { type SessionOf, type SessionSource, sessionFrom } from './session-source.ts'

/** What {@link openSession} can be told. */
export interface OpenSessionOptions {
  /**
   * Told when the session cannot be saved at the end of the block. Default `console.error`. Whoever has to
   * know there and then awaits {@link OpenSession.save}.
   */
  onError?: (error: unknown) => void
}

/** A session that is saved when its block ends. */
export interface OpenSession<T> extends AsyncDisposable {
  readonly session: T
  /** Saves now. Rejects as `session.save`. What is changed after it is saved at the end of the block. */
  save(): Promise<void>
  /** What is not saved yet stays unsaved. */
  discard(): void
}

/**
 * Opens a session that is saved at the end of the block:
 *
 *     await using login = await openSession(logins, request, response)
 *     login.session.values.visits = 1
 *     redirect('/')
 *
 * It is saved also when the block throws, as frameworks do to redirect. The end of the block itself never
 * throws, or it would take the place of what was thrown: it tells `onError`.
 *
 * Rejects as {@link Store.get}.
 */
export async function openSession<const Source extends SessionSource<object>>(
  source: Source,
  request: RequestLike,
  response: ResponseLike,
  { onError = console.error }: OpenSessionOptions = {},
): Promise<OpenSession<SessionOf<Source>>> {
  if (typeof onError !== 'function') {
    throw new TypeError(`onError must be a function, not ${describeKind(onError)}`)
  }
  const session = await sessionFrom(source, request)
  const save = (): Promise<void> => source.store.save(request, response, session)
  let isDiscarded = false
  return {
    session,
    save,
    discard() {
      isDiscarded = true
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
