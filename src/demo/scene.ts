/**
 * What a scene of the demo is.
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FlashMessage, SessionOf, SessionSource } from 'silverback'
import type { Html } from '../lib/html.ts'
import type { EventStream } from './lib/event-stream.ts'

/** The sessions that a scene uses, by the names that it gives them. */
export type Sources = Readonly<Record<string, SessionSource<object>>>

/** One request to a scene. */
export interface Visit<Opened extends Sources = Sources> {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** The address of the request. */
  readonly url: URL
  /** Identifies the visitor in all scenes. */
  readonly visitorId: string
  /** The sessions of the scene. They are saved with the response. */
  readonly sessions: { readonly [Name in keyof Opened]: SessionOf<Opened[Name]> }
  /** Shows a message on the next page. */
  notify(message: FlashMessage): void
}

/**
 * Changes something, because of the form with a button `name="action"` of the action's name. After that, the visitor
 * is redirected to the address that the form was sent to.
 */
export type Action<Opened extends Sources> = (
  visit: Visit<Opened>,
  form: URLSearchParams,
) => void | Promise<void>

/** A page that stands for another device, without the frame of the demo. */
export interface DevicePage {
  readonly title: string
  readonly body: Html
}

/** What the pages of the demo say about a scene. */
export interface About {
  /** Its address, such as `/sign-in`. */
  readonly path: string
  readonly title: string
  /** What it shows, in two sentences. */
  readonly summary: readonly [what: string, why: string]
  /** The code behind it, as it is written in the sources of the demo. */
  readonly code: string
}

/** One scene: a page that shows one thing, and the forms on it. */
export interface Scene<Opened extends Sources = Sources> extends About {
  readonly sessions: Opened
  /** The content of the page. */
  show(visit: Visit<Opened>): Html | DevicePage | Promise<Html | DevicePage>
  /** What its forms do. */
  readonly actions?: Readonly<Record<string, Action<Opened>>>
  /** Reports changes to the open page, at the address `PATH/live`. */
  live?(visit: Visit<Opened>, stream: EventStream): void | Promise<void>
}

/** Checks the types of a scene. The demo keeps scenes with different sessions in one list. */
export function scene<const Opened extends Sources>(definition: Scene<Opened>): Scene {
  return definition as unknown as Scene
}
