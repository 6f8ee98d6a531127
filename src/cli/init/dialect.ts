/**
 * The language and the style in which a project gets its files.
 *
 * @module
 */

import { type CodeStyle, restyle, sortImports, toCommonJs } from './source.ts'

/** How the templates are written for one project. */
export interface Dialect {
  readonly isTypeScript: boolean
  /** Whether JavaScript is written with `require`. TypeScript always has `import`. */
  readonly isCommonJs: boolean
  /** Of modules, such as `.ts`. */
  readonly extension: string
  /** What relative imports end with, such as `.js`. */
  readonly suffix: string
  readonly style: CodeStyle
}

/** Returns code for TypeScript, and nothing for JavaScript. */
export type TypesOnly = (code: string) => string

/** Returns a function that keeps what only TypeScript has. */
export function typesOf({ isTypeScript }: Dialect): TypesOnly {
  return code => (isTypeScript ? code : '')
}

/** Writes a template in the dialect. */
export function render(code: string, { isCommonJs, style }: Dialect): string {
  const sorted = sortImports(code)
  return restyle(isCommonJs ? toCommonJs(sorted) : sorted, style)
}
