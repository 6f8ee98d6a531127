/** Writes the table in docs/go/stores.md: `npm run docs:go-stores`. table.test.ts checks that it is up to date. */

import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { layouts } from './layouts.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
export const page: string = `${root}docs/go/stores.md`

const [start, end] = ['<!-- The table is written by npm run docs:go-stores. -->', '<!-- End. -->']

/** The page with its table written again. */
export function pageText(current: string): string {
  const [before, rest] = split(current, start)
  const [, after] = split(rest, end)
  return `${before}${start}\n\n${table()}\n\n${end}${after}`
}

function split(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark)
  if (at < 0) throw new Error(`docs/go/stores.md does not contain ${mark}`)
  return [text.slice(0, at), text.slice(at + mark.length)]
}

function table(): string {
  const versions = versionsIn(readFileSync(`${root}interop/go/go.mod`, 'utf8'))
  const rows = layouts.map(({ fn, entry, module, server, values }) => {
    const version = versions.get(module)
    if (version === undefined) throw new Error(`interop/go/go.mod does not require ${module}`)
    return `| \`${fn}\` | \`silverback/go/${entry}\` | ${module} ${shortVersion(version)} | ${server} | ${values} |`
  })
  return [
    '| function | import from | Go module | server | values |',
    '|---|---|---|---|---|',
    ...rows,
  ].join('\n')
}

function versionsIn(text: string): Map<string, string> {
  const requirements = text.matchAll(/^\s*(?:require )?(\S+) (v\S+)/gm)
  return new Map(
    [...requirements].map(([, module, version]) => [module, version] as [string, string]),
  )
}

/** The commit of a version that has no tag. */
function shortVersion(version: string): string {
  return version.replace(/^v0\.0\.0-\d{14}-(\w{7})\w*$/, 'at $1')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(page, pageText(readFileSync(page, 'utf8')))
}
