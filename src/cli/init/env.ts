/**
 * The files with environment variables, and what keeps them out of the repository.
 *
 * @module
 */

import type { FileChange, Project } from './project.ts'

type Variable = readonly [name: string, value: string]

/**
 * Returns the changes that add variables to `.env`, their names to `.env.example`, and lines to `.gitignore`.
 * Variables that have a value keep it.
 */
export function environmentChanges(
  { files, outerIgnores }: Project,
  variables: readonly Variable[],
  ignored: readonly string[],
): FileChange[] {
  const env = files.get('.env')
  const example = files.get('.env.example')
  const ignore = files.get('.gitignore')
  const names = variables.map(([name]): Variable => [name, ''])
  return [
    // First, so that a secret is at no time in a file that git would add.
    change('.gitignore', ignore, withIgnored(ignore, outerIgnores, ignored)),
    { ...change('.env', env, withVariables(env, variables)), isSecret: true },
    change('.env.example', example, withVariables(example, names)),
  ].filter(({ before, after }) => before !== after && after !== '')
}

function change(path: string, before: string | undefined, after: string): FileChange {
  return { path, before, after }
}

function withVariables(text: string | undefined, variables: readonly Variable[]): string {
  let result = text ?? ''
  for (const [name, value] of variables) {
    const line = new RegExp(`^(\\s*(?:export\\s+)?${name}[ \\t]*=)[ \\t]*(.*)$`, 'm').exec(result)
    if (!line) result = append(result, `${name}=${value}`)
    else if (value !== '' && /^(?:''|"")?\s*$/.test(line[2] as string)) {
      // An empty value, as copied from .env.example, is filled in.
      const end = line.index + line[0].length
      result = `${result.slice(0, line.index)}${line[1]}${value}${result.slice(end)}`
    }
  }
  return result
}

function withIgnored(
  text: string | undefined,
  outerIgnores: readonly string[],
  ignored: readonly string[],
): string {
  let result = text ?? ''
  const lines = [...outerIgnores, ...result.split(/\r?\n/)].map(line => line.trim())
  for (const name of ['.env', ...ignored]) {
    if (!isIgnored(name, lines)) result = append(result, name)
  }
  // Patterns such as `.env*` cover the example, which belongs into the repository.
  const coversExample = lines.some(line => /^\/?(?:\*\*\/)?\.env(?:\*|\.\*)$/.test(line))
  const isExempt = lines.some(line => /^!\/?(?:\*\*\/)?\.env\.example$/.test(line))
  return coversExample && !isExempt ? append(result, '!.env.example') : result
}

function isIgnored(name: string, lines: readonly string[]): boolean {
  const patterns = [name, `${name}/`, ...(name === '.env' ? ['.env*', '*.env'] : [])]
  return lines.some(line => patterns.includes(line.replace(/^\/?(?:\*\*\/)?/, '')))
}

function append(text: string, line: string): string {
  const newline = text.includes('\r\n') ? '\r\n' : '\n'
  const separator = text === '' || text.endsWith('\n') ? '' : newline
  return `${text}${separator}${line}${newline}`
}
