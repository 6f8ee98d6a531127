/** The backend printed in CONTRIBUTING.md satisfies the contract. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Backend } from 'silverback'
import { backendSuite, raceSuite } from 'silverback/testing'

const page = readFileSync(new URL('../../CONTRIBUTING.md', import.meta.url), 'utf8')
const code = /^```ts\n(import type \{ Backend.*?)^```$/ms.exec(page)?.[1] as string
const folder = fileURLToPath(new URL('../../test-output/', import.meta.url))
mkdirSync(folder, { recursive: true })
writeFileSync(`${folder}tiny.ts`, code)
const { tiny } = (await import(`${folder}tiny.ts`)) as { tiny: (now: () => number) => Backend }

suite('the example of CONTRIBUTING.md', () => {
  backendSuite(test, now => ({ backend: tiny(now) }))
  raceSuite(test, now => ({ backend: tiny(now) }))
})
