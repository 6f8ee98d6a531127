/**
 * Access to Node's built-in modules, which other runtimes may lack.
 *
 * @module
 */

/** The part of Node's `process` that this module uses. */
interface Builtins {
  readonly process?: { getBuiltinModule?(id: string): unknown }
}

/** Returns the module `id`, such as `node:async_hooks`, or undefined in runtimes that lack it. */
export function builtin<Module>(id: string): Module | undefined {
  return (globalThis as Builtins).process?.getBuiltinModule?.(id) as Module | undefined
}
