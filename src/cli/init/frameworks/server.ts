/**
 * What Express, Fastify, Hono and plain Node have in common: an app in a file of its own, to which a line is added.
 *
 * @module
 */

import { posix } from 'node:path'
import { typesOf } from '../dialect.ts'
import { type FileChange, type Project, sourcesOf } from '../project.ts'
import { execute, type Ingredients, jestNote, newPassword, type Recipe, vitest } from '../recipe.ts'
import { sessionsModule, storeSetup } from '../store.ts'
import { edit, findEntries, importingFile, manualLines } from './entry.ts'
import { dialectOf, newFolder, testPathOf } from './layout.ts'
import { runnerOf, stripsTypes, testCommand, testModule } from './server-test.ts'
import type { Context, Server } from './template.ts'

/** Returns the recipe of a server. */
export function serverRecipe(
  server: Server,
  { project, store: kind, random }: Ingredients,
): Recipe {
  const entries = findEntries(server, project)
  const main = entries.length === 1 ? entries[0]?.path : importingFile(server, project)
  const dialect = dialectOf(project, main)
  const ts = typesOf(dialect)
  const store = storeSetup(kind, project, ts)
  const folder = main === undefined ? newFolder(project) : posix.dirname(main)
  const context: Context = { ts, project, dialect, folder }
  const isBun = project.packageManager === 'bun'
  const hasExample = !hasRoutes(project)
  const added = hasExample ? exampleOf(server, context) : withoutExample
  const wired = addToApp(server, context, hasExample)
  return {
    dialect,
    store,
    files: [
      [pathOf(context, 'sessions'), sessionsModule(server.framework, store, ts, { isBun })],
      ...added.files,
      ...wired.files,
    ],
    edits: wired.edits,
    anchor: wired.anchor,
    notes: [...added.notes, ...wired.notes],
    dependencies: server.dependencies(project),
    devDependencies: [
      ...(dialect.isTypeScript ? ['@types/node', ...server.types, ...store.types] : []),
      ...added.devDependencies,
      ...(dialect.isTypeScript && wired.files.length > 0 ? ['tsx'] : []),
    ],
    variables: hasExample ? [['DEMO_PASSWORD', newPassword(random)]] : [],
    ...(added.test !== undefined && { test: added.test }),
    nextSteps: [...wired.nextSteps, ...added.nextSteps],
  }
}

type Example = Pick<Recipe, 'files' | 'notes' | 'devDependencies' | 'test' | 'nextSteps'>

const withoutExample: Example = {
  files: [],
  notes: ['The example of a sign-in was left out: the app has routes of these names.'],
  devDependencies: [],
  nextSteps: [],
}

/** The routes to sign in and out, with their test. */
function exampleOf(server: Server, context: Context): Example {
  const { project, dialect } = context
  const routes = [pathOf(context, 'sign-in'), server.routes(context)] as const
  const nextSteps = [
    'Open /me twice: it counts your visits.',
    'POST name=demo and the DEMO_PASSWORD of .env to /sign-in, as JSON.',
  ]
  const runner = runnerOf(project)
  if (!runner) return { files: [routes], notes: [jestNote], devDependencies: [], nextSteps }
  const path = testPathOf(context)
  const usesTsx = runner === 'node:test' && dialect.isTypeScript && !stripsTypes(context)
  return {
    files: [routes, [path, testModule(server, context, path, runner)]],
    notes: [],
    devDependencies: [
      ...(usesTsx ? ['tsx'] : []),
      ...(runner === 'vitest' ? [vitest(project)] : []),
    ],
    test: testCommand(project, runner, usesTsx, path),
    nextSteps,
  }
}

/** Adds the sessions to the app: in its file, in a new one, or by the user. */
function addToApp(
  server: Server,
  context: Context,
  hasExample: boolean,
): Pick<Recipe, 'files' | 'edits' | 'anchor' | 'notes' | 'nextSteps'> {
  const { project, dialect } = context
  const entries = findEntries(server, project)
  const entry = entries.length === 1 ? entries[0] : undefined
  const edited = entry && edit(server, entry, project, dialect, hasExample)
  if (entry && edited && 'code' in edited) {
    const change: FileChange = { path: entry.path, before: entry.code, after: edited.code }
    const nextSteps = ['Start the app as before.']
    return { files: [], edits: [change], anchor: entry.path, notes: [], nextSteps }
  }
  const main = importingFile(server, project)
  const newApp = pathOf(context, 'server')
  if (main === undefined && hasExample && !project.paths.has(newApp)) {
    const command = dialect.isTypeScript ? execute(project, `tsx ${newApp}`) : `node ${newApp}`
    const files = [[newApp, server.app(context)] as const]
    return { files, edits: [], anchor: newApp, notes: [], nextSteps: [`Start the app: ${command}`] }
  }
  const where =
    entry && edited && 'reason' in edited
      ? `${entry.path}, because ${edited.reason}`
      : entries.length > 1
        ? `one of ${entries.map(({ path }) => path).join(', ')}`
        : `${main ?? 'the file of the app'}, after the app is created`
  const lines = manualLines(server, dialect, entry, hasExample)
  return {
    files: [],
    edits: [],
    anchor: pathOf(context, 'sessions'),
    notes: [[`Add these lines to ${where}:`, ...lines].join('\n')],
    nextSteps: [],
  }
}

function pathOf({ folder, dialect }: Context, name: string): string {
  return posix.join(folder, `${name}${dialect.extension}`)
}

/** Whether the app mentions a path of the example, which would come first. */
function hasRoutes(project: Project): boolean {
  return sourcesOf(project).some(([path, code]) => {
    const isOurs = /\bsign-in\.[cm]?[jt]s$/.test(path) && code.includes('DEMO_PASSWORD')
    return !isOurs && /['"`]\/(?:sign-in|sign-out|me)['"`]/.test(code)
  })
}
