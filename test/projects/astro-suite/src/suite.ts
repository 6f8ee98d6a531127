import type { APIContext, MiddlewareHandler } from 'astro'

/** What the program that runs the suite puts there: it is where the adapter is. */
export const { suite } = globalThis as unknown as {
  suite: () => { onRequest: MiddlewareHandler; answer(context: APIContext): Promise<Response> }
}
