/** What a case in another runtime asks the test's process for. */

import type { Client, Head } from '../../../src/testing/adapters/browser.ts'

/** A body to be asked for by its number. */
export interface Begun {
  readonly id: number
}

/** What each call answers. */
export interface Results {
  open: Begun & { readonly head: Head }
  raw: Begun
  begun: unknown
  text: string
  leave: unknown
}

/** The arguments of each call. */
export type Call<Name extends keyof Results> = Name extends keyof Client
  ? Parameters<Client[Name]>
  : [id: number]
