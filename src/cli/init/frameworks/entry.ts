/**
 * Finds the statement that creates an app, and adds the sessions to it.
 *
 * @module
 */

import { type Dialect, render } from '../dialect.ts'
import { type Project, sourcesOf } from '../project.ts'
import { afterImports, closingBracket, insert, maskCode, nextLine } from '../source.ts'
import type { Server } from './template.ts'

/** A statement that creates an app. */
export interface Entry {
  readonly path: string
  readonly code: string
  readonly masked: string
  readonly app: string
  /** The index of the `(` of the call, and that after its `)`. */
  readonly open: number
  readonly end: number
}

const otherLibraries = (
  [
    ['express-session', 'docs/migrating.md'],
    ['cookie-session', 'docs/migrating.md'],
    ['@fastify/session', 'docs/migrating.md'],
    ['@fastify/secure-session', 'docs/migrating.md'],
  ] as const
).map(
  ([name, page]) =>
    [name, `${name} sets request.session too: see ${page} before you add it`] as const,
)

/** The statements at the top level that create an app. */
export function findEntries({ creation, isImported }: Server, project: Project): Entry[] {
  return sourcesOf(project).flatMap(([path, code]) => {
    const masked = isImported.test(code) ? maskCode(code) : undefined
    if (masked === undefined) return []
    return [...code.matchAll(creation)].flatMap(match => {
      const open = match.index + match[0].length - 1
      const end = closingBracket(masked, open)
      const isCode = masked[match.index] === code[match.index] && masked[open] === '('
      if (!isCode || end === undefined) return []
      return [{ path, code, masked, app: match[1] ?? '', open, end }]
    })
  })
}

/** A file that uses the framework in a way that is not recognised. */
export function importingFile({ isImported }: Server, project: Project): string | undefined {
  return sourcesOf(project).find(([, code]) => isImported.test(code))?.[0]
}

/** Returns the code of the app with the sessions, or the reason why it cannot be edited without doubt. */
export function edit(
  server: Server,
  { code, masked, app, open, end }: Entry,
  { dependencies }: Project,
  dialect: Dialect,
  hasExample: boolean,
): { code: string } | { reason: string } {
  const conflict = [...otherLibraries, ...server.conflicts].find(([name]) => dependencies.has(name))
  if (conflict) return { reason: conflict[1] }
  const names = ['sessions', 'login', ...(hasExample ? [server.example] : [])]
  const taken = names.find(name => new RegExp(`\\b${name}\\b`).test(masked))
  if (taken) return { reason: `it uses the name ${taken} already` }
  const isStatement = /^[ \t]*;?[ \t]*\r?(?:\n|$)/.test(masked.slice(end))
  const use = render(`${server.use(app, hasExample)}\n`, dialect)
  const changes = server.wrap
    ? server.wrap(masked, open, end, hasExample)
    : isStatement && ([[afterSettings(code, masked, app, end), use]] as [number, string][])
  if (!changes) return { reason: 'the call that creates the app is not a statement of its own' }
  const imports = importLines(server, hasExample).replaceAll('SUFFIX', dialect.suffix)
  const limit = code.lastIndexOf('\n', open)
  return {
    code: insert(code, [[afterImports(code, masked, limit), render(imports, dialect)], ...changes]),
  }
}

function importLines({ framework, example }: Server, hasExample: boolean): string {
  return `import { sessions } from 'silverback/${framework}';
import { login } from './sessionsSUFFIX';
${hasExample ? `import { ${example} } from './sign-inSUFFIX';\n` : ''}`
}

/** The lines that the user has to add. */
export function manualLines(
  server: Server,
  dialect: Dialect,
  entry: Entry | undefined,
  hasExample: boolean,
): string[] {
  const imports = importLines(server, hasExample).replaceAll('SUFFIX', dialect.suffix)
  const use = server.use(entry?.app || 'app', hasExample)
  return render(`${imports}\n${use}`, { ...dialect, style: { ...dialect.style, newline: '\n' } })
    .split('\n')
    .map(line => `  ${line}`)
}

/** The index after the statement and those behind it that set the app up, or serve what needs no session. */
function afterSettings(code: string, masked: string, app: string, end: number): number {
  const setting = new RegExp(
    `^${app}\\.(?:(?:set|enable|disable)\\(|use\\((?:express\\.static|helmet|compression|cors|morgan|logger)\\()[^\\n]*\\)[ \\t]*;?[ \\t]*\\r?$`,
  )
  let index = nextLine(code, end)
  let next = index
  while (next < code.length) {
    const after = nextLine(code, next)
    const line = masked.slice(next, after).replace(/\n$/, '')
    const isBalanced = line.split('(').length === line.split(')').length
    if (setting.test(line) && isBalanced) index = after
    else if (line.trim() !== '') break
    next = after
  }
  return index
}
