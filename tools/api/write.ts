/**
 * `npm run docs:api`: writes docs/api/ from the docstrings, with one page for each entry of package.json. With
 * `--check` it writes nothing, and fails if a page is out of date.
 */

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  Application,
  type DeclarationReflection,
  type ProjectReflection,
  ReflectionKind,
  type TypeDocOptions,
} from 'typedoc'
import type { PluginOptions } from 'typedoc-plugin-markdown'
import { entryFiles } from '../entries.ts'
import { CompactTheme } from './theme.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const docs = join(root, 'docs/api')

if (process.argv.includes('--check')) await check()
else await write(docs)

async function check(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'silverback-api-'))
  try {
    await write(folder)
    const [expected, actual] = [pagesOf(folder), pagesOf(docs)]
    const paths = new Set([...expected.keys(), ...actual.keys()])
    const stale = [...paths].filter(path => expected.get(path) !== actual.get(path))
    if (stale.length === 0) return
    console.error(`out of date in docs/api: ${stale.join(', ')}\nrun: npm run docs:api`)
    process.exitCode = 1
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function write(folder: string): Promise<void> {
  const entries = entryFiles()
  const options: Partial<TypeDocOptions & PluginOptions> = {
    plugin: ['typedoc-plugin-markdown'],
    name: 'API reference',
    entryPoints: Object.values(entries),
    tsconfig: join(root, 'tools/api/tsconfig.json'),
    out: folder,
    readme: 'none',
    disableGit: true,
    disableSources: true,
    excludePrivate: true,
    excludeProtected: true,
    excludeInternal: true,
    sort: ['alphabetical'],
    groupOrder: ['Functions', 'Classes', 'Interfaces', 'Type Aliases', 'Variables', '*'],
    logLevel: 'Warn',
    treatWarningsAsErrors: true,
    router: 'module',
    entryFileName: 'README',
    hideBreadcrumbs: true,
    hidePageHeader: true,
    pageTitleTemplates: { module: '{name}' },
    theme: 'compact',
    useHTMLAnchors: true,
    anchorPrefix: 'api-',
    useCodeBlocks: true,
    expandParameters: true,
    expandObjects: true,
    parametersFormat: 'table',
    interfacePropertiesFormat: 'table',
    classPropertiesFormat: 'table',
    typeAliasPropertiesFormat: 'table',
    propertyMembersFormat: 'table',
    typeDeclarationFormat: 'table',
    enumMembersFormat: 'table',
    tableColumnSettings: { hideInherited: true, hideOverrides: true, hideSources: true },
  }
  const app = await Application.bootstrapWithPlugins(options)
  app.renderer.defineTheme('compact', CompactTheme)
  const project = await app.convert()
  if (!project) throw new Error('typedoc could not read the types')
  nameModules(project, entries)
  nameParameters(project)
  removeInherited(project)
  await app.generateOutputs(project)
  if (app.logger.hasErrors() || app.logger.hasWarnings()) process.exitCode = 1
}

/** Gives each module the name by which it is imported. */
function nameModules(project: ProjectReflection, entries: Readonly<Record<string, string>>): void {
  const names = new Map(
    Object.entries(entries).map(([entry, file]) => [
      relative(join(root, 'src'), file).replace(/(?:\/?index)?\.ts$/, ''),
      entry,
    ]),
  )
  for (const module of project.children ?? []) {
    module.name = names.get(module.name.replace(/^index$/, '')) ?? module.name
  }
  const order = Object.keys(entries)
  for (const { children } of project.groups ?? []) {
    children.sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name))
  }
}

/** Names parameters that are destructured, which have no name in the source. */
function nameParameters(project: ProjectReflection): void {
  for (const parameter of project.getReflectionsByKind(ReflectionKind.Parameter)) {
    if (parameter.name === '__namedParameters') parameter.name = 'options'
  }
}

/** Removes the members that a class or interface inherits: they are at what it extends. */
function removeInherited(project: ProjectReflection): void {
  const owners = project.getReflectionsByKind(ReflectionKind.ClassOrInterface)
  for (const owner of owners as DeclarationReflection[]) {
    const { children = [], groups = [] } = owner
    delete owner.implementedBy
    delete owner.extendedBy
    const inherited = children.filter(isInherited)
    for (const member of inherited) project.removeReflection(member)
    for (const group of groups) {
      group.children = group.children.filter(child => !inherited.some(member => member === child))
    }
    owner.groups = groups.filter(group => group.children.length > 0)
  }
}

function isInherited({ inheritedFrom, signatures, getSignature }: DeclarationReflection): boolean {
  return Boolean(inheritedFrom ?? signatures?.[0]?.inheritedFrom ?? getSignature?.inheritedFrom)
}

function pagesOf(folder: string): Map<string, string> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  return new Map(
    files
      .filter(file => file.endsWith('.md'))
      .map(file => [file, readFileSync(join(folder, file), 'utf8')]),
  )
}
