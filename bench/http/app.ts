/**
 * The routes that every app has, each by GET:
 *
 * - `/login/<user>` starts a session,
 * - `/read` responds with values of the session,
 * - `/change` increments the number of visits first.
 *
 * An app without sessions keeps one content for all requests.
 *
 * @module
 */

import type { Server } from 'node:http'

/** The routes that are measured. */
export const operations = ['read', 'change'] as const

export type Operation = (typeof operations)[number]

/** Makes a server that does not listen yet. The default export of every file in `apps/`. */
export type MakeServer = () => Server | Promise<Server>
