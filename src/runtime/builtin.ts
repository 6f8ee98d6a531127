/**
 * Modules of Node that other runtimes may lack.
 *
 * @module
 */

/** The part of Node's `process` that is used. */
interface Builtins {
  readonly process?: { getBuiltinModule?(id: string): unknown }
}

/** The module `id`, such as `node:async_hooks`, as far as it is used; undefined where there is none. */
export function builtin<Module>(id: string): Module | undefined {
  return (globalThis as Builtins).process?.getBuiltinModule?.(id) as Module | undefined
}
