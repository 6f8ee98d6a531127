/** CommonJS projects, in JavaScript and TypeScript and under Jest, with the packed library. */

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import {
  compile,
  copyInto,
  installProject,
  needsProject,
  run,
} from './support/projects/projects.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const source = 'test/projects/commonjs'

suite('CommonJS projects', needsProject(source), () => {
  let js: string
  let ts: string
  before(() => {
    const project = installProject(source)
    js = copyInto(project, 'js', `${source}/js`)
    ts = copyInto(project, 'ts', `${source}/ts`)
  })

  const main = (): void => {
    execFileSync(process.execPath, ['out/main.js'], {
      cwd: ts,
      stdio: 'pipe',
      env: { ...process.env, NODE_OPTIONS: '' },
    })
  }

  test('require() returns the function', () => {
    execFileSync(process.execPath, ['required.js'], {
      cwd: js,
      stdio: 'pipe',
      env: { ...process.env, NODE_OPTIONS: '' },
    })
  })

  test('JavaScript under Jest', () => run(js, ['jest', '--ci']))

  for (const config of ['tsconfig.node10.json', 'tsconfig.node20.json']) {
    test(`TypeScript 5 with ${config}, in Node and under Jest`, t => {
      rmSync(join(ts, 'out'), { recursive: true, force: true })
      run(ts, ['tsc', '-p', config])
      main()
      process.env.TSCONFIG = config
      t.after(() => delete process.env.TSCONFIG)
      run(ts, ['jest', '--ci', '--testPathIgnorePatterns=/out/'])
    })
  }

  test('ts-node', () => run(ts, ['ts-node', '-P', 'tsconfig.node10.json', 'main.ts']))

  test('Vitest, without a configuration', () => run(ts, ['vitest', 'run', '--globals']))

  for (const compiler of ['typescript', 'typescript7'] as const) {
    test(`${compiler} with module: commonjs and nothing else`, () => {
      rmSync(join(ts, 'out'), { recursive: true, force: true })
      compile(join(ts, 'tsconfig.commonjs.json'), compiler)
      main()
    })
  }
})

test('the documentation shows the configuration of Jest', () => {
  const page = readFileSync(join(root, 'docs/modules.md'), 'utf8')
  assert.ok(page.includes(readFileSync(join(root, source, 'js/jest.config.js'), 'utf8')))
})
