/**
 * Watches, in development, for reads of `request.session` where it is not set.
 *
 * @module
 */

/** The requests with a getter that nothing has replaced yet. */
const watched = new WeakSet<object>()

/** Calls `warn` when `request[key]` is read before anything has set it. It stays undefined. */
export function watchUnset(request: object, key: 'session' | 'sessions', warn: () => void): void {
  if (key in request) return
  watched.add(request)
  Object.defineProperty(request, key, {
    configurable: true,
    get() {
      warn()
      return undefined
    },
    set(value: unknown) {
      watched.delete(request)
      Object.defineProperty(request, key, {
        configurable: true,
        enumerable: true,
        writable: true,
        value,
      })
    },
  })
}

/** True if something has set `request.session`. Does not count as a read. */
export function hasSession(request: object): boolean {
  return !watched.has(request) && Boolean((request as { readonly session?: unknown }).session)
}
