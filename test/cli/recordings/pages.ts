/** The recordings of each page, and their markers in it. */

import { readdirSync } from 'node:fs'
import type { Recordings } from './recording.ts'

const suffix = '.recordings.ts'

/** The names of the pages in docs/cli that have recordings, such as `keygen`. */
export const recordedPages: readonly string[] = readdirSync(new URL('.', import.meta.url))
  .filter(file => file.endsWith(suffix))
  .map(file => file.slice(0, -suffix.length))
  .sort()

/** Resolves to the recordings of a page. */
export async function recordingsOf(page: string): Promise<Recordings> {
  return (await import(`./${page}${suffix}`)).default
}

/** A recording in a page: `<!-- recording: NAME -->`, a block of code, and `<!-- /recording -->`. */
export const marked: RegExp =
  /<!-- recording: ([\w-]+) -->\n(?:```console\n(.*?)\n```\n)?<!-- \/recording -->/gs

/** The block in a page with a new recording. */
export function markedBlock(name: string, text: string): string {
  return `<!-- recording: ${name} -->\n\`\`\`console\n${text}\n\`\`\`\n<!-- /recording -->`
}
