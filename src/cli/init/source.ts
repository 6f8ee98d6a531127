/**
 * Reads and edits source code just as far as that is unambiguous.
 *
 * @module
 */

/**
 * Returns code of the same length in which the contents of strings and regular expressions, template literals and
 * comments are spaces. Returns undefined if a literal does not end, as in JSX.
 */
export function maskCode(code: string): string | undefined {
  const literal =
    /\/\/.*|\/\*[\s\S]*?\*\/|'(?:[^'\\\n]|\\[\s\S])*'|"(?:[^"\\\n]|\\[\s\S])*"|`(?:[^`\\]|\\[\s\S])*`|(?<=(?:^|[=(,:[!&|?{};]|\breturn)\s*)\/(?![/*])(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\//g
  const masked = code.replace(literal, found => {
    const isComment = found.startsWith('//') || found.startsWith('/*')
    const blank = (text: string) => text.replace(/[^\n]/g, ' ')
    return isComment ? blank(found) : found[0] + blank(found.slice(1, -1)) + found.at(-1)
  })
  // Every quote that is left begins and ends a literal. With an odd number, one was misread.
  const isEven = (quote: string) => masked.split(quote).length % 2 === 1
  return ["'", '"', '`'].every(isEven) ? masked : undefined
}

/** Returns the index after the bracket that closes the one at `open`, or undefined if there is none. */
export function closingBracket(masked: string, open: number): number | undefined {
  const stack: string[] = []
  const closes: Record<string, string> = { '(': ')', '[': ']', '{': '}' }
  for (let index = open; index < masked.length; index++) {
    const character = masked[index] as string
    const closing = closes[character]
    if (closing) stack.push(closing)
    else if (')]}'.includes(character)) {
      if (stack.pop() !== character) return undefined
      if (stack.length === 0) return index + 1
    }
  }
  return undefined
}

/** The index of the line after the last import, or `require`, at the top level before `limit`. */
export function afterImports(code: string, masked: string, limit: number): number {
  const statement =
    /^(?:import\b(?!\s*\()[^;'"]*(?:'[^'\n]*'|"[^"\n]*")|(?:const|let|var)\s[^=;]*=\s*require\((?:'[^'\n]*'|"[^"\n]*")\)).*$/gm
  let end = 0
  for (const match of masked.matchAll(statement)) {
    const after = match.index + match[0].length
    if (after <= limit) end = after
  }
  if (end > 0) return nextLine(code, end)
  // Without any: after a first line for the shell, and directives.
  const head = /^(?:#!.*\r?\n)?(?:\s*(?:'use strict'|"use strict");?[ \t]*\r?\n)*/.exec(code)
  return head?.[0].length ?? 0
}

/** The index of the first character of the next line. */
export function nextLine(code: string, index: number): number {
  const end = code.indexOf('\n', index)
  return end < 0 ? code.length : end + 1
}

/** Inserts texts at indexes of the original code. */
export function insert(code: string, insertions: readonly [index: number, text: string][]): string {
  let result = code
  for (const [index, text] of [...insertions].sort(([a], [b]) => b - a)) {
    const isAtEnd = index === code.length && !code.endsWith('\n') && text.endsWith('\n')
    result = result.slice(0, index) + (isAtEnd ? `\n${text}` : text) + result.slice(index)
  }
  return result
}

/** How a project writes its code. */
export interface CodeStyle {
  readonly quote: "'" | '"'
  readonly semicolons: boolean
  readonly indent: string
  readonly newline: '\n' | '\r\n'
}

/** Returns the style of existing code, or of most projects if there is none. */
export function styleOf(code: string): CodeStyle {
  const count = (pattern: RegExp) => code.match(pattern)?.length ?? 0
  const lines = count(/[\w)'"\]};][ \t]*$/gm)
  return {
    quote: count(/"/g) > count(/'/g) ? '"' : "'",
    semicolons: lines === 0 || count(/;[ \t]*\r?$/gm) > 0,
    indent: count(/^\t/gm) > 0 ? '\t' : count(/^ {4}\S/gm) > count(/^ {2}\S/gm) ? '    ' : '  ',
    newline: code.includes('\r\n') ? '\r\n' : '\n',
  }
}

/**
 * Writes code of a template in another style. Templates have single quotes, semicolons, two spaces, and no quotes
 * inside strings.
 */
export function restyle(code: string, style: CodeStyle): string {
  let result = code
  if (style.quote === '"') result = result.replaceAll("'", '"')
  if (!style.semicolons) result = result.replace(/;(?=\s*(?:\/\/.*)?$)/gm, '')
  if (style.indent !== '  ') {
    result = result.replace(/^(?: {2})+/gm, spaces => style.indent.repeat(spaces.length / 2))
  }
  return result.replaceAll('\n', style.newline)
}

/** Sorts the import statements of a template: modules of Node, packages, then files. */
export function sortImports(code: string): string {
  const group = (module: string) =>
    module.startsWith('node:') ? 0 : module.startsWith('.') ? (module.startsWith('..') ? 2 : 3) : 1
  const key = (line: string) => {
    const module = /from '([^']*)'/.exec(line)?.[1] ?? ''
    return `${group(module)}${module}`
  }
  return code.replace(/(?:^import .*\n)+/gm, lines =>
    lines
      .split(/(?<=\n)/)
      .sort((a, b) => (key(a) < key(b) ? -1 : 1))
      .join(''),
  )
}

/** Turns an ES module of a template into a CommonJS module. */
export function toCommonJs(code: string): string {
  const exported: string[] = []
  const body = code
    .replace(/^import (\w+|\{[^}]*\}) from ('[^']*');$/gm, (_, names: string, module: string) => {
      const pattern = names.replaceAll(' as ', ': ')
      return `const ${pattern} = require(${module});`
    })
    .replace(
      /^export ((?:const|(?:async )?function) (\w+))/gm,
      (_, declaration: string, name: string) => {
        exported.push(name)
        return declaration
      },
    )
  return exported.length === 0
    ? body
    : `${body.trimEnd()}\n\nmodule.exports = { ${exported.join(', ')} };\n`
}
