/**
 * Judges a recording with all checks, and prints what they find.
 *
 * @module
 */

import { printable, type Style } from '../lib/style.ts'
import type { Check, Finding } from './checks/check.ts'
import { checks } from './checks/index.ts'
import { type Code, codes, definitionOf, type Severity } from './codes.ts'
import type { Library } from './cookie-format.ts'
import { type Evidence, evidenceOf } from './evidence.ts'
import type { Recording } from './exchange.ts'

/** What `--json` prints. docs/cli/doctor.md describes it. */
export interface Report {
  readonly url: string
  readonly cookies: readonly { readonly name: string; readonly library: Library | null }[]
  readonly findings: readonly ReportedFinding[]
  /** The codes that were checked and not found. */
  readonly passed: readonly Code[]
  readonly skipped: readonly { readonly check: string; readonly reason: string }[]
  /** The number of requests that were sent. */
  readonly requests: number
}

export interface ReportedFinding {
  readonly code: Code
  readonly severity: Severity
  readonly title: string
  readonly cookie: string | null
  readonly evidence: string
  readonly fix: string
  /** The option of the library that made the cookie. */
  readonly option: { readonly library: Library; readonly change: string } | null
}

/** Judges a recording. Codes in `ignored` are left out. */
export function judge(recording: Recording, ignored: ReadonlySet<Code> = new Set()): Report {
  const evidence = evidenceOf(recording)
  const [ran, skipped] = partition(evidence)
  const findings = ran.flatMap(check => check.run(evidence))
  const found = new Set(findings.map(({ code }) => code))
  const ranCodes = new Set(ran.flatMap(check => check.codes))
  return {
    url: recording.page.href,
    cookies: evidence.sessions.map(({ name, format }) => ({
      name,
      library: format.library ?? null,
    })),
    findings: sorted(once(findings))
      .filter(({ code }) => !ignored.has(code))
      .map(finding => reported(finding, evidence)),
    passed: codes.filter(code => ranCodes.has(code) && !found.has(code)),
    skipped,
    requests: recording.exchanges.length,
  }
}

function partition(evidence: Evidence): [Check[], Report['skipped']] {
  const ran: Check[] = []
  const skipped: { check: string; reason: string }[] = []
  for (const check of checks) {
    const reason = check.skip?.(evidence)
    if (reason === undefined) ran.push(check)
    else skipped.push({ check: check.name, reason })
  }
  return [ran, skipped]
}

/** The first finding of each code and cookie. */
function once(findings: readonly Finding[]): Finding[] {
  const first = new Map<string, Finding>()
  for (const finding of findings) {
    const key = `${finding.code} ${finding.cookie ?? ''}`
    if (!first.has(key)) first.set(key, finding)
  }
  return [...first.values()]
}

/** Faults first, otherwise in the order of the checks. */
function sorted(findings: readonly Finding[]): Finding[] {
  const isHint = ({ code }: Finding) => Number(definitionOf(code).severity === 'hint')
  return findings.toSorted((a, b) => isHint(a) - isHint(b))
}

function reported(finding: Finding, { sessions }: Evidence): ReportedFinding {
  const { severity, title, fix, options } = definitionOf(finding.code)
  const session = sessions.find(({ name }) => name === finding.cookie) ?? sessions[0]
  const library = session?.format.library
  const change = library && options?.[library]
  return {
    code: finding.code,
    severity,
    title,
    cookie: finding.cookie ?? null,
    evidence: finding.evidence,
    fix,
    option: library && change ? { library, change } : null,
  }
}

/** The report for people. */
export function linesOf(report: Report, style: Style, isVerbose: boolean): string[] {
  const faults = report.findings.filter(({ severity }) => severity === 'fault')
  const hints = report.findings.filter(({ severity }) => severity === 'hint')
  const passed = `${report.passed.length} checks passed`
  return [
    style.bold(printable(report.url)),
    ...cookieLines(report),
    ...faults.flatMap(each => ['', ...findingLines(each, style)]),
    ...hints.flatMap(each => ['', ...findingLines(each, style)]),
    '',
    ...(isVerbose ? report.passed.map(code => `${style.good('passed')} ${code}`) : []),
    ...skippedLines(report).map(style.dim),
    faults.length === 0
      ? style.good(`No faults. ${counted(hints.length, 'hint')}, ${passed}.`)
      : style.bad(
          `${counted(faults.length, 'fault')}, ${counted(hints.length, 'hint')}, ${passed}.`,
        ),
  ]
}

function cookieLines({ cookies }: Report): string[] {
  if (cookies.length === 0) {
    return [
      'No session cookie was seen. Name it with --cookie, pass a page that sets one, or sign in.',
    ]
  }
  return cookies.map(({ name, library }) => {
    const origin = library === null ? '' : ` of ${library} or a compatible library`
    return `Session cookie ${printable(name)}${origin}`
  })
}

/** The checks that were skipped, by their reason. */
function skippedLines({ skipped }: Report): string[] {
  const reasons = new Set(skipped.map(({ reason }) => reason))
  return [...reasons].map(reason => {
    const names = skipped.filter(each => each.reason === reason).map(({ check }) => check)
    return `not checked: ${names.join(', ')} (${reason})`
  })
}

/** A finding for people. */
export function findingLines(finding: ReportedFinding, style: Style): string[] {
  const { code, severity, title, evidence, fix, option } = finding
  const label = severity === 'fault' ? style.bad('fault') : style.warn('hint')
  return [
    `${label} ${style.bold(title)} ${style.dim(`(${code})`)}`,
    `  Seen: ${printable(evidence)}`,
    `  Fix:  ${fix}`,
    ...(option ? [`        ${option.library}: ${style.name(option.change)}`] : []),
  ]
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
