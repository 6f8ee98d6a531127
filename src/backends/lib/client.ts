/**
 * Checks of the clients that backends take.
 *
 * @module
 */

import { describeKind } from '../../lib/describe.ts'

/**
 * Throws a TypeError unless the client has one of the methods, naming the client that the backend takes.
 *
 * @param backend - the function that takes it
 * @param example - what to pass, such as `new Pool({ connectionString }) of pg`
 */
export function assertClient(
  backend: string,
  client: unknown,
  methods: readonly string[],
  example: string,
): void {
  const isObject = (typeof client === 'object' && client !== null) || typeof client === 'function'
  const has = (method: string): boolean =>
    typeof Reflect.get(client as object, method) === 'function'
  if (isObject && methods.some(has)) return
  // A URL may hold a password, so that the message never shows what was given.
  throw new TypeError(`${backend} takes ${example}, not ${describeKind(client)}`)
}
