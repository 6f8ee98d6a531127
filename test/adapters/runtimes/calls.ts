/** The calls from a case in another runtime to the test's process. */

import type { Client, Head } from '../../../src/testing/adapters/browser.ts'

/** Refers to a response body in the test's process. */
export interface BodyHandle {
  readonly id: number
}

/** The result of each call. */
export interface Results {
  open: BodyHandle & { readonly head: Head }
  raw: BodyHandle
  begun: unknown
  text: string
  leave: unknown
}

/** The arguments of each call. */
export type Call<Name extends keyof Results> = Name extends keyof Client
  ? Parameters<Client[Name]>
  : [id: number]
