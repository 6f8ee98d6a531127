/**
 * Arguments in messages.
 *
 * @module
 */

import { printable } from './style.ts'

/** The longest argument that is repeated, in characters: shorter than every key that stores accept. */
const longest = 31

/**
 * Returns an argument as a message repeats it. A key, a cookie or a URL with a password, passed where something else
 * was expected, must not end up in a log: such a text is described instead.
 */
export function echo(argument: string): string {
  const mayBeSecret = argument.length > longest || /[@=]/.test(argument)
  return mayBeSecret ? `(${argument.length} characters, not shown)` : printable(argument)
}
