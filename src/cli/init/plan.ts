/**
 * Decides what changes a project needs.
 *
 * @module
 */

import { FailedError } from '../lib/exit-codes.ts'
import { render } from './dialect.ts'
import { environmentChanges } from './env.ts'
import { express } from './frameworks/express.ts'
import { fastify } from './frameworks/fastify.ts'
import { hono } from './frameworks/hono.ts'
import { next } from './frameworks/next.ts'
import { node } from './frameworks/node.ts'
import { serverRecipe } from './frameworks/server.ts'
import { sveltekit } from './frameworks/sveltekit.ts'
import {
  type FileChange,
  type Framework,
  type Plan,
  type Project,
  type StoreKind,
  sourcesOf,
} from './project.ts'
import type { Ingredients, Random, Recipe } from './recipe.ts'

const recipes: Readonly<Record<Framework, (ingredients: Ingredients) => Recipe>> = {
  express: ingredients => serverRecipe(express, ingredients),
  fastify: ingredients => serverRecipe(fastify, ingredients),
  hono: ingredients => serverRecipe(hono, ingredients),
  node: ingredients => serverRecipe(node, ingredients),
  next,
  sveltekit,
}

/** What the user has chosen. */
export interface Choice {
  readonly framework: Framework
  readonly store: StoreKind
}

/**
 * Returns the changes that set a project up. Throws a {@link FailedError} if it cannot be set up without changing
 * files of the user in a way that may be wrong.
 */
export function planInit(project: Project, { framework, store }: Choice, random: Random): Plan {
  if (framework === 'next' && store === 'memory') {
    throw new FailedError(
      'Pages and route handlers of Next.js do not share memory. Choose another store.',
    )
  }
  const recipe = recipes[framework]({ project, store, random })
  const { dialect, files, edits, anchor } = recipe
  const client = recipe.store
  const key = ['SESSION_KEY', random(32, 'base64')] as const
  const foundIn = alreadyUsedIn(project, recipe)
  if (foundIn !== undefined) {
    // A fresh clone has no .env.
    const variables = [key, ...recipe.variables].filter(([name]) =>
      sourcesOf(project).some(([, code]) => code.includes(name)),
    )
    return {
      changes: variables.length > 0 ? environmentChanges(project, variables, []) : [],
      notes: [],
      dependencies: [],
      devDependencies: [],
      nextSteps: [],
      foundIn,
    }
  }
  const variables = [key, ...client.variables, ...recipe.variables]
  const created = files.flatMap(([path, template]): FileChange[] => {
    const after = render(template, dialect)
    if (!project.paths.has(path)) return [{ path, before: undefined, after }]
    assertOurs(project, path, after)
    return []
  })
  const code = [...created, ...edits]
  const changes = [
    ...environmentChanges(project, variables, client.ignored),
    ...code.filter(({ path }) => path !== anchor),
    ...code.filter(({ path }) => path === anchor),
  ]
  const missing = (names: readonly string[]) =>
    [...new Set(names)].filter(name => !project.dependencies.has(name.replace(/(?!^)@.*/, '')))
  return {
    changes,
    notes: recipe.notes,
    dependencies: missing(['silverback', ...recipe.dependencies, ...client.dependencies]),
    devDependencies: missing(recipe.devDependencies),
    ...(recipe.test !== undefined && { test: recipe.test }),
    nextSteps: recipe.nextSteps,
  }
}

/**
 * The file that uses the library, if that is the anchor or none that the set-up would write. Files of a set-up that
 * was interrupted do not count.
 */
function alreadyUsedIn(project: Project, { files, anchor }: Recipe): string | undefined {
  const written = new Set(files.map(([path]) => path))
  const users = sourcesOf(project).filter(([, code]) =>
    /(?:\bfrom\s*|\brequire\(\s*|\bimport\(\s*)['"]silverback\b/.test(code),
  )
  return users.find(([path]) => path === anchor || !written.has(path))?.[0]
}

/** Throws unless a file was written by an earlier call, perhaps with changes since. Pages of Svelte are not read. */
function assertOurs(project: Project, path: string, expected: string): void {
  const code = project.files.get(path) ?? ''
  if (code === expected || /silverback|DEMO_PASSWORD/.test(code) || path.endsWith('.svelte')) return
  throw new FailedError(
    `${path} exists and has another purpose. Rename it and run init again; nothing was written.`,
  )
}
