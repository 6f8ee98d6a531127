/**
 * What an open store is.
 *
 * @module
 */

import type { AnyBackend } from '../../backends/lib/extras.ts'
import type { PubSub } from '../../backends/pubsub.ts'
import type { StoreUrl } from './url.ts'

/** How to connect. */
export interface ConnectOptions {
  /** The working directory: file names are relative to it, and client libraries are looked for in it. */
  readonly cwd: string
  /** Whether a file or folder that does not exist is created. */
  readonly mayCreate: boolean
}

/** A connection to a store. */
export interface Connection {
  /** The client of the driver, for other layouts than ours. Its type depends on the kind of the store. */
  // biome-ignore lint/suspicious/noExplicitAny: one of several libraries
  readonly client: any
  /** The backend over this connection, as the parameters of the URL say. */
  readonly backend: AnyBackend
  /** Delivers notices of ended sessions. Left out if the store cannot. */
  readonly pubsub?: PubSub
  /** Identifies what the cursors of pages belong to, if they do not outlast a restart of the server. */
  readonly epoch?: () => Promise<string | undefined>
  /** Connects, if the client does not do so at its first operation. */
  open?(): Promise<void>
  /** Also ends an attempt to connect. */
  close(): Promise<void>
}

/** Makes a connection to a store of one kind, which is not open yet. */
export type Connect = (url: StoreUrl, options: ConnectOptions) => Promise<Connection>

/** How long to wait for a connection, in milliseconds. */
export const connectTimeoutMs = 4000

/** How many connections a pool has at most. */
export const poolSize = 8

/** Does nothing: for errors of connections that the operations report as well. */
export function ignore(): void {}
