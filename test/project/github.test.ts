/** The files for GitHub are valid, and do what the rest of the repository says. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { suite, test } from 'node:test'
import { parse } from 'yaml'
import { exists, json, root, text } from './support.ts'

interface Step {
  readonly uses?: string
  readonly run?: string
  readonly with?: Record<string, unknown>
}
interface Job {
  readonly container?: string
  readonly needs?: string
  readonly uses?: string
  readonly permissions?: Record<string, string>
  readonly steps?: readonly Step[]
}
interface Workflow {
  readonly on: Record<string, Record<string, unknown> | null>
  readonly permissions: Record<string, string>
  readonly jobs: Record<string, Job>
}

const yaml = <T>(path: string): T => parse(text(path), { strict: true, uniqueKeys: true }) as T
const filesIn = (folder: string) => readdirSync(root + folder).map(file => `${folder}/${file}`)
const workflows = filesIn('.github/workflows')
const ci = yaml<Workflow>('.github/workflows/ci.yml')
const release = yaml<Workflow>('.github/workflows/release.yml')
const manifest = json('package.json')

for (const path of workflows) {
  test(`${path}: least permissions, actions with a version, no secrets`, () => {
    const workflow = yaml<Workflow>(path)
    assert.deepEqual(workflow.permissions, { contents: 'read' })
    const jobs = Object.values(workflow.jobs)
    for (const { uses, steps = [] } of jobs) {
      assert.ok(uses ? exists(uses) : steps.length > 0)
      for (const step of steps) {
        assert.equal(Number(step.uses !== undefined) + Number(step.run !== undefined), 1)
        if (step.uses) assert.match(step.uses, /^actions\/[\w-]+@v\d+$/)
        if (step.uses?.startsWith('actions/checkout@')) {
          assert.equal(step.with?.['persist-credentials'], false)
        }
        for (const [, script = ''] of step.run?.matchAll(/\bnode (\S+\.mjs)/g) ?? []) {
          assert.ok(exists(script), script)
        }
      }
    }
    assert.doesNotMatch(text(path), /secrets\./)
    assert.doesNotMatch(text(path), /pull_request_target/)
  })
}

test('every pull request and push to main runs .ci/run, in the Node of .nvmrc', () => {
  assert.ok('pull_request' in ci.on)
  assert.deepEqual(ci.on.push, { branches: ['main'] })
  const job = ci.jobs.checks as Job
  assert.ok(job?.steps?.some(({ run }) => run === '.ci/run'))
  const major = text('.nvmrc').trim()
  assert.ok(job.container?.startsWith(`node:${major}-`), job.container)
  // The oldest one that is supported: newer ones are tested by .ci/run itself.
  assert.match(manifest.engines.node, new RegExp(`^>=${major}\\.`))
})

test('a tag publishes with provenance, after everything has passed', () => {
  assert.deepEqual(release.on, { push: { tags: ['v*'] } })
  const { publish } = release.jobs
  assert.equal(release.jobs[publish?.needs ?? '']?.uses, './.github/workflows/ci.yml')
  assert.ok('workflow_call' in ci.on)
  assert.equal(publish?.permissions?.['id-token'], 'write')
  const commands = publish?.steps?.flatMap(({ run }) => run ?? []) ?? []
  assert.match(commands.at(-1) ?? '', /^npm publish --provenance /)
  assert.match(commands[0] ?? '', /check-release\.mjs "\$GITHUB_REF_NAME"$/)
})

suite('tools/check-release.mjs', () => {
  const check = (tag: string) =>
    spawnSync(process.execPath, ['tools/check-release.mjs', tag], { cwd: root, encoding: 'utf8' })

  test('refuses another version, and a version without a date', () => {
    const other = check('v99.0.0')
    assert.equal(other.status, 1)
    assert.match(other.stderr, /package\.json has the version .*, the tag is v99\.0\.0/)
    assert.match(other.stderr, /jsr\.json has the version/)
    assert.match(other.stderr, /CHANGELOG\.md has no heading "## 99\.0\.0 \(YYYY-MM-DD\)"/)
  })

  test('knows the versions of package.json and jsr.json', () => {
    assert.doesNotMatch(check(`v${manifest.version}`).stderr, /has the version/)
  })
})

interface Field {
  readonly type: string
  readonly id?: string
  readonly attributes: { readonly label?: string; readonly value?: string }
}

test('the forms for issues are valid', () => {
  for (const path of filesIn('.github/ISSUE_TEMPLATE')) {
    if (path.endsWith('/config.yml')) continue
    const form = yaml<{ name: string; description: string; body: Field[] }>(path)
    assert.ok(form.name && form.description)
    const ids = form.body.filter(({ type }) => type !== 'markdown').map(({ id }) => id)
    assert.equal(new Set(ids).size, ids.length)
    for (const { type, attributes } of form.body) {
      assert.ok(['markdown', 'textarea', 'input', 'dropdown', 'checkboxes'].includes(type))
      assert.ok(type === 'markdown' ? attributes.value : attributes.label)
    }
  }
  assert.equal(typeof yaml<object>('.github/ISSUE_TEMPLATE/config.yml'), 'object')
})

test('Dependabot looks where packages are', () => {
  const { version, updates } = yaml<{
    version: number
    updates: { 'package-ecosystem': string; directory?: string; directories?: string[] }[]
  }>('.github/dependabot.yml')
  assert.equal(version, 2)
  const files: Record<string, string> = { npm: '/package.json', gomod: '/go.mod' }
  for (const { 'package-ecosystem': ecosystem, directory, directories } of updates) {
    const folders = directories ?? [directory as string]
    const file = files[ecosystem]
    if (file) for (const folder of folders) assert.ok(exists(folder.slice(1) + file), folder)
  }
})

test('no address is invented', () => {
  const known = ['www.contributor-covenant.org', 'registry.npmjs.org', 'jsr.io', 'semver.org']
  const paths = [
    ...workflows,
    ...filesIn('.github/ISSUE_TEMPLATE'),
    '.github/dependabot.yml',
    '.github/PULL_REQUEST_TEMPLATE.md',
    'CODE_OF_CONDUCT.md',
    'jsr.json',
    'docs/compatibility.md',
  ]
  for (const path of paths) {
    const hosts = [...text(path).matchAll(/https?:\/\/([^/\s)]+)/g)].map(([, host]) => host)
    for (const host of hosts) assert.ok(known.includes(host as string), `${path}: ${host}`)
    assert.doesNotMatch(text(path), /[\w.]+@[\w-]+\.[a-z]{2,}/, path)
  }
})
