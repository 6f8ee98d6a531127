/** A client that has another process send the requests: the one that `client-server.ts` serves. */

import type { Client, Coming } from '../../../src/testing/adapters/browser.ts'
import type { Begun, Call, Results } from './calls.ts'

/** The client of the process at this origin. */
export function clientAt(server: string): Client {
  async function call<Name extends keyof Results>(
    name: Name,
    ...args: Call<Name>
  ): Promise<Results[Name]> {
    const response = await fetch(new URL(name, server), {
      method: 'POST',
      body: JSON.stringify(args),
    })
    if (!response.ok) throw new Error(await response.text())
    return response.json()
  }
  const coming = ({ id }: Begun): Coming => ({
    begun: async () => void (await call('begun', id)),
    text: () => call('text', id),
    leave: async () => void (await call('leave', id)),
  })
  return {
    async open(...args) {
      const opened = await call('open', ...args)
      return { head: opened.head, ...coming(opened) }
    },
    raw: async (...args) => coming(await call('raw', ...args)),
  }
}
