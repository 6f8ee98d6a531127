/** Writes docs/adapters/cases.md: `npm run docs:adapters`. The test beside it checks that it was. */

import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { adapterCaseNames } from 'silverback/testing/adapters'
import { caseTable, type TestedAdapter } from './apps/index.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
export const page: string = `${root}docs/adapters/cases.md`

/** @param node - the version of the Node that ran the tests */
export function pageText(node: string): string {
  return `# What every adapter does

The ${adapterCaseNames.length} cases of \`silverback/testing/adapters\`, each run over real connections in a real app of the
framework, in the version that stands above its column, in Node ${node} where no other runtime stands
there. A case with a number is run as well, and has to fail: when it does not any more, the number goes.
This page is written by \`npm run docs:adapters\`.

${caseTable(versionOf)}
`
}

function versionOf({ project, installed }: TestedAdapter): string {
  if (!project) return readJson(`node_modules/${installed}/package.json`).version
  return readJson(`${project}/package-lock.json`).packages[`node_modules/${installed}`].version
}

function readJson(path: string): ReturnType<typeof JSON.parse> {
  return JSON.parse(readFileSync(root + path, 'utf8'))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(page, pageText(process.versions.node))
}
