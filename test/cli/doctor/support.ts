/** Runs the doctor against an app. */

import assert from 'node:assert/strict'
import type { Report } from '../../../src/cli/doctor/report.ts'
import { runCli } from '../support/run-cli.ts'
import type { Site } from './apps/site.ts'

/** The arguments of a sign-in at the apps, with the password in the environment. */
export const signIn = [
  '--login-url=/login',
  '--form=name=ann',
  '--form-env=FORM',
  '--whoami-url=/account',
  '--logout-url=/logout',
]
export const env = { FORM: 'password=p%26ss' }

/** Runs `doctor --json` and returns the report. Fails if the exit code does not fit to it. */
export async function examine(site: Site, args: readonly string[] = signIn): Promise<Report> {
  const { code, stdout, stderr } = await runCli(['doctor', site.url, '--json', ...args], { env })
  assert.notEqual(stdout, '', stderr)
  const report: Report = JSON.parse(stdout)
  const hasFaults = report.findings.some(({ severity }) => severity === 'fault')
  assert.equal(code, hasFaults ? 1 : 0)
  return report
}

/** The codes of a report, sorted. */
export function codesOf({ findings }: Report): string[] {
  return findings.map(({ code }) => code).sort()
}
