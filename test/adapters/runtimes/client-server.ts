/** Sends requests from this process for cases that run in another runtime. */

import { createServer } from 'node:http'
import { json } from 'node:stream/consumers'
import type { RunningApp } from 'silverback/testing/adapters'
import type { ResponseBody } from '../../../src/testing/adapters/browser.ts'
import { nodeClient } from '../../../src/testing/adapters/node-client.ts'
import { listen } from '../apps/node-http.ts'
import type { BodyHandle, Call, Results } from './calls.ts'

type Calls = { [Name in keyof Results]: (...args: Call<Name>) => Promise<Results[Name]> }

function calls(): Calls {
  const bodies: ResponseBody[] = []
  const remember = (body: ResponseBody): BodyHandle => ({ id: bodies.push(body) - 1 })
  const bodyOf = (id: number): ResponseBody => bodies[id] as ResponseBody
  return {
    async open(...args) {
      const opened = await nodeClient.open(...args)
      return { ...remember(opened), head: opened.head }
    },
    raw: async (...args) => remember(await nodeClient.raw(...args)),
    begun: id => bodyOf(id).begun(),
    text: id => bodyOf(id).text(),
    leave: id => bodyOf(id).leave(),
  }
}

/** Serves the calls on a free port. */
export function serveClient(): Promise<RunningApp> {
  const known: Record<string, (...args: never[]) => Promise<unknown>> = { ...calls() }
  const server = createServer(async (request, response) => {
    try {
      const call = known[String(request.url).slice(1)]
      if (!call) throw new Error(`no such call: ${request.url}`)
      const args = (await json(request)) as never[]
      response.end(JSON.stringify((await call(...args)) ?? null))
    } catch (error) {
      response.statusCode = 500
      response.end(String(error))
    }
  })
  return listen(server)
}
