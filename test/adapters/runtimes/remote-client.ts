/** A client that delegates to another process, in which `client-server.ts` sends the requests. */

import type { Client, ResponseBody } from '../../../src/testing/adapters/browser.ts'
import type { BodyHandle, Call, Results } from './calls.ts'

/** Makes a client that delegates to the process at this origin. */
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
  const remoteBody = ({ id }: BodyHandle): ResponseBody => ({
    begun: async () => void (await call('begun', id)),
    text: () => call('text', id),
    leave: async () => void (await call('leave', id)),
  })
  return {
    async open(...args) {
      const opened = await call('open', ...args)
      return { head: opened.head, ...remoteBody(opened) }
    },
    raw: async (...args) => remoteBody(await call('raw', ...args)),
  }
}
