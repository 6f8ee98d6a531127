/**
 * Where the files of a server go, and in which language.
 *
 * @module
 */

import { posix } from 'node:path'
import type { Dialect } from '../dialect.ts'
import { isSource, isTest, type Project } from '../project.ts'
import { styleOf } from '../source.ts'
import type { Context } from './template.ts'

/** The language of the app's file, or of the project if there is no app. */
export function dialectOf(project: Project, main: string | undefined): Dialect {
  const code = (main !== undefined && project.files.get(main)) || ''
  const extension = main
    ? posix.extname(main).replace(/x$/, '')
    : project.isTypeScript
      ? '.ts'
      : '.js'
  const isTypeScript = /ts$/.test(extension)
  const isCommonJs =
    extension === '.cjs' ||
    (extension === '.js' && !project.isModule && !/^(?:import|export)\b/m.test(code))
  const suffix = isTypeScript
    ? typeScriptSuffix(project, extension)
    : isCommonJs && extension === '.js'
      ? ''
      : extension
  return { isTypeScript, isCommonJs, extension, suffix, style: styleOf(code) }
}

/** As the project's own relative imports do, or else as its compiler expects. */
function typeScriptSuffix(project: Project, extension: string): string {
  const compiled = extension.replace('t', 'j')
  const code = [...project.files].filter(([path]) => isSource(path)).map(([, text]) => text)
  const relative = code.flatMap(text => [...text.matchAll(/\bfrom\s+['"](\.[^'"\n]*)['"]/g)])
  const endings = new Set(relative.map(([, path]) => posix.extname(path as string)))
  for (const ending of [extension, compiled]) if (endings.has(ending)) return ending
  if (relative.length > 0) return ''
  const config = project.files.get('tsconfig.json') ?? ''
  const has = (option: string, value: string) =>
    new RegExp(`^\\s*"${option}"\\s*:\\s*${value}`, 'im').test(config)
  if (has('(?:allowImportingTsExtensions|rewriteRelativeImportExtensions)', 'true')) {
    return extension
  }
  if (has('moduleResolution', '"(?:bundler|node10|node)"') || has('module', '"commonjs"')) return ''
  return project.isModule || has('module', '"node') ? compiled : ''
}

/** The folder of a new app. */
export function newFolder({ paths, isTypeScript }: Project): string {
  const hasSources = [...paths].some(
    path => !path.includes('/') && isSource(path) && !isConfig(path),
  )
  return paths.has('src') || (isTypeScript && !hasSources) ? 'src' : '.'
}

function isConfig(path: string): boolean {
  return /\.config\.[cm]?[jt]s$/.test(path)
}

/** Next to the sources if other tests are, or if the compiler refuses files elsewhere. */
export function testPathOf({ project, folder, dialect }: Context): string {
  const name = `sessions.test${dialect.extension}`
  const tests = [...project.paths].filter(path => isSource(path) && isTest(path))
  const isColocated = tests.some(path => path.startsWith('src/') && !path.includes('__tests__/'))
  const config = project.files.get('tsconfig.json') ?? ''
  const hasRoot = /^\s*"rootDir"/m.test(config) && !/^\s*"include"/m.test(config)
  if (folder !== '.' && (isColocated || hasRoot)) return posix.join(folder, name)
  const existing = ['test', 'tests', '__tests__'].find(path => project.paths.has(path))
  return `${existing ?? 'test'}/${name}`
}
