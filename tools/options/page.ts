/** docs/reference/options.md, made from the types and docstrings of the options. */

import { fileURLToPath } from 'node:url'
import type { Call, Option, OptionsType } from './collect.ts'

export const page = fileURLToPath(new URL('../../docs/reference/options.md', import.meta.url))

/** The sections of the page, with the folders of src/ whose options they have. */
const sections: Readonly<Record<string, readonly string[]>> = {
  Stores: ['stores'],
  'Sessions and requests': ['session'],
  'Keys, codecs and serializers': ['codec'],
  Backends: ['backends'],
  Adapters: ['adapters'],
  'Cross-site requests': ['session/csrf.ts', 'http'],
  Observability: ['observe', 'inspector'],
  'Replacing express-session': ['express-session'],
  'Moving from other libraries': ['migrate'],
  'Sharing sessions with Go': ['go'],
  Testing: ['testing'],
}

/** The interfaces whose options every store has: they are printed once. */
const everyStore = ['SessionStoreOptions', 'Hooks']

/**
 * Returns the page. Throws an Error that lists the options whose docstring lacks a description, a unit or a default.
 */
export function pageText(types: readonly OptionsType[]): string {
  const problems = types.flatMap(type =>
    type.options.flatMap(option =>
      problemsOf(option).map(what => `${option.declaredIn || type.name}.${option.name}: ${what}`),
    ),
  )
  if (problems.length > 0) throw new Error([...new Set(problems)].join('\n'))
  const printed = types.filter(type => !types.some(other => covers(other, type)))
  const parts = Object.entries(sections).map(([title, folders]) => {
    const own = printed
      .filter(type => sectionOf(type) === folders)
      .sort((a, b) => Number(b.name === everyStore[0]) - Number(a.name === everyStore[0]))
    return [`## ${title}`, ...own.map(type => typeText(type, printed))].join('\n\n')
  })
  const rest = printed.filter(type => sectionOf(type) === undefined)
  if (rest.length > 0) throw new Error(`no section for the options of ${rest[0]?.file}`)
  return `${[introduction, ...parts].join('\n\n')}\n`
}

const introduction = `# Options

\`npm run docs:options\` generates this page from the types.

Every option is checked when a store, backend or adapter is created: a wrong value or an unknown name throws an error
that names the option and the fix. Durations are in seconds; an option in milliseconds ends in \`Ms\`. The attributes of
cookies are on [a page of their own](cookie-attributes.md).`

/** Whether one type of options has all those of another, for the same calls. */
function covers(type: OptionsType, other: OptionsType): boolean {
  const names = new Set(type.options.map(option => option.name))
  return (
    type.options.length > other.options.length &&
    other.options.every(option => names.has(option.name)) &&
    other.calls.every(call =>
      type.calls.some(({ entry, text }) => entry === call.entry && text === call.text),
    )
  )
}

function sectionOf({ file }: OptionsType): readonly string[] | undefined {
  const all = Object.values(sections)
  return (
    all.find(folders => folders.includes(file)) ??
    all.find(folders => folders.includes(file.split('/')[0] as string))
  )
}

function typeText(type: OptionsType, all: readonly OptionsType[]): string {
  const isBase = type.name === everyStore[0]
  const base = all.find(({ name }) => name === everyStore[0])?.options ?? []
  const roots = type.options.filter(({ declaredIn }) => everyStore.includes(declaredIn))
  const inherited = isBase
    ? []
    : type.options.filter(option => roots.some(root => isPart(option, root)))
  const own = requiredFirst(type.options.filter(option => !inherited.includes(option)))
  const missing = base.filter(({ name }) => !type.options.some(option => option.name === name))
  return [
    `### ${headingOf(type, all)}`,
    callsText(type.calls),
    ...(own.length > 0 ? [table(own)] : []),
    ...(inherited.length > 0 ? [inheritedText(missing.map(({ name }) => name))] : []),
  ].join('\n\n')
}

function requiredFirst(options: readonly Option[]): Option[] {
  const required = options.filter(({ isRequired, name }) => isRequired && !name.includes('.'))
  const isFirst = (option: Option) => required.some(root => isPart(option, root))
  return [...options.filter(isFirst), ...options.filter(option => !isFirst(option))]
}

function isPart(option: Option, whole: Option): boolean {
  return option === whole || option.name.startsWith(`${whole.name}.`)
}

function inheritedText(missing: readonly string[]): string {
  const names = missing.filter(name => !name.includes('.')).map(name => `\`${name}\``)
  const except = names.length > 0 ? `, except ${names.join(' and ')}` : ''
  return `Also the [options of every store](#every-store)${except}.`
}

/** The names of the calls, with their entries if calls of the same name take other options. */
function headingOf(type: OptionsType, all: readonly OptionsType[]): string {
  if (type.name === everyStore[0]) return 'Every store'
  const names = callees(type)
  const isAmbiguous = all.some(
    other => other !== type && callees(other).some(name => names.includes(name)),
  )
  return isAmbiguous ? `${names.join(', ')}: ${entriesOf(type.calls)}` : names.join(', ')
}

function callees({ calls }: OptionsType): string[] {
  return unique(calls.map(({ text }) => text.replace(/^new |\(.*/g, '')))
}

function callsText(calls: readonly Call[]): string {
  const texts = unique(calls.map(({ text }) => text)).map(text => `\`${text}\``)
  const entries = unique(calls.map(({ entry }) => `\`${entry}\``))
  return `${texts.join(', ')} of ${entries.join(', ')}`
}

function entriesOf(calls: readonly Call[]): string {
  return unique(calls.map(({ entry }) => entry.replace('silverback/', ''))).join(', ')
}

function table(options: readonly Option[]): string {
  const rows = options.map(option => {
    const { text, fallback } = describe(option)
    return `| \`${option.name}\` | ${typeCell(option)} | ${fallback} | ${text} |`
  })
  return ['| option | type | default | |', '|---|---|---|---|', ...rows].join('\n')
}

function typeCell(option: Option): string {
  if (option.type === 'Options') return '[`Options`](cookie-attributes.md)'
  const unit = unitOf(option)
  return `\`${option.type.replaceAll('|', '\\|')}\`${unit ? `, ${unit}` : ''}`
}

/** The unit of a number. Empty if it counts something. */
function unitOf({ isNumber, name, doc }: Option): string {
  if (!isNumber) return ''
  if (name.endsWith('Ms')) return 'milliseconds'
  if (name.endsWith('Bytes')) return 'bytes'
  return /\b(?:milliseconds|seconds|bytes|characters)\b/i.exec(doc)?.[0].toLowerCase() ?? ''
}

/** Splits a docstring into what the option does and its default. */
function describe(option: Option): { text: string; fallback: string } {
  const doc = option.doc.replaceAll('|', '\\|')
  const sentence = /\s*\bDefault:? (.+?)\.(?=\s|$)/.exec(doc)
  const inline = /(`[^`]+`), the default/.exec(doc)?.[1]
  const text = sentence ? doc.replace(sentence[0], '').trim() : doc
  const fallback = sentence?.[1] ?? inline ?? 'none'
  return { text, fallback: option.isRequired ? requirementOf(option) : fallback }
}

function requirementOf({ name, alternatives }: Option): string {
  const others = alternatives.filter(other => other !== name).map(other => `\`${other}\``)
  return others.length > 0 ? `required without ${others.join(', ')}` : 'required'
}

function problemsOf(option: Option): string[] {
  if (describe(option).text === '') return ['its docstring does not describe it']
  const hasDefault = /\bDefault\b|, the default\b/.test(option.doc)
  const needsDefault = !option.isRequired && !option.isFunction && !option.name.includes('.')
  return needsDefault && !hasDefault ? ['its docstring states no default'] : []
}

function unique(list: readonly string[]): string[] {
  return [...new Set(list)]
}
