/** The stores that docs/custom-stores.md prints, exactly as printed. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const page = readFileSync(new URL('../../../docs/custom-stores.md', import.meta.url), 'utf8')
const folder = fileURLToPath(new URL('../../../test-output/custom-stores/', import.meta.url))

/** Imports the code block of the page that exports this function, and returns the function. */
export async function printed<T>(name: string): Promise<T> {
  const blocks = [...page.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code as string)
  const code = blocks.find(block => block.includes(`export function ${name}(`))
  if (code === undefined) throw new Error(`docs/custom-stores.md prints no function ${name}`)
  mkdirSync(folder, { recursive: true })
  writeFileSync(`${folder}${name}.ts`, code)
  const module = (await import(`${folder}${name}.ts`)) as Record<string, unknown>
  return module[name] as T
}
