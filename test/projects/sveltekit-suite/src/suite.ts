import type { Handle, RequestEvent } from '@sveltejs/kit'

/** What the program that runs the suite puts there: it is where the adapter is. */
export const { suite } = globalThis as unknown as {
  suite: () => { handle: Handle; answer(event: RequestEvent): Promise<Response> }
}
