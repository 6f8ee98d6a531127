import { received } from '../sources.ts'

/** Makes an internal request for `path` in the way that is named by `by`. */
export default eventHandler(async event => {
  const { by, path } = getQuery(event) as { by: string; path: string }
  const options = { redirect: 'manual', ignoreResponseError: true } as const
  switch (by) {
    case '$fetch': {
      const { status, headers, _data } = await $fetch.raw(path, {
        ...options,
        responseType: 'text',
      })
      return { status, body: _data, cookies: headers.getSetCookie() }
    }
    case 'event.fetch':
      return received(await event.fetch(path, options))
    case 'event.$fetch':
      return { body: await event.$fetch(path, { ...options, responseType: 'text' }) }
    default:
      return received(await useNitroApp().localFetch(path, options))
  }
})
