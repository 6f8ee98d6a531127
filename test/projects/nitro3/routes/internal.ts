import { defineHandler, getQuery } from 'nitro/h3'
import { useNitroApp } from 'nitro/runtime'
import { received } from '../sources.ts'

/** Makes an internal request for `path` in the way that is named by `by`. */
export default defineHandler(async event => {
  const { by, path } = getQuery(event) as { by: string; path: string }
  const options = { redirect: 'manual', headers: event.req.headers } as const
  if (by === 'fetch') return received(await fetch(path, options))
  return received(await useNitroApp().fetch(path, options))
})
