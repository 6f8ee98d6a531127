/**
 * Sessions that know what was read of them, so that a save finds what changed.
 *
 * @module
 */

import type { Opened, Serialized } from '../codec/codec.ts'
import type { ErrorCode } from '../errors.ts'
import type { Options } from '../http/cookie-options.ts'
import { defaultLifetime, type FullLifetime } from '../session/lifetime.ts'
import type { SessionMetadata } from '../session/metadata.ts'
import { Session, type SessionState } from '../session/session.ts'
import type { Store } from '../session/store.ts'

/** Where a session stood when it was read, and what became of it since. */
export interface Progress {
  readonly opened: Partial<Opened> | undefined
  readonly options: Options
  readonly lifetime: FullLifetime
  /** What was kept beside its values. */
  readonly metadata: SessionMetadata
  /** What a new session was given to begin with, serialized. */
  initial: Uint8Array | undefined
  /** Why the codecs refused its cookie. */
  readonly refusals: readonly ErrorCode[]
  saved: boolean
  /** Destroyed, and that was done. */
  ended: boolean
  /** The values as `save` found them. */
  serialized?: Serialized | undefined
}

/** A session that remembers where it stood. */
export class StoredSession<T extends object> extends Session<T> {
  readonly #progress: Progress

  constructor(
    store: Store,
    name: string,
    state: SessionState<T>,
    { opened, metadata, refusals }: Pick<Progress, 'opened' | 'metadata' | 'refusals'>,
  ) {
    super(store, name, state)
    const { options, lifetime = defaultLifetime } = state
    this.#progress = {
      opened,
      options: { ...options },
      lifetime,
      metadata,
      initial: undefined,
      refusals,
      saved: false,
      ended: false,
      serialized: undefined,
    }
  }

  /** Sessions that were made by hand stood nowhere: they are saved whatever they hold. */
  static progressOf(session: Session<object>): Progress {
    if (#progress in session) return (session as StoredSession<object>).#progress
    return { ...nowhere }
  }
}

const nowhere: Progress = {
  opened: undefined,
  options: {},
  lifetime: defaultLifetime,
  metadata: {},
  initial: undefined,
  refusals: [],
  saved: true,
  ended: false,
}
