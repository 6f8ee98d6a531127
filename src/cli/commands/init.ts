/**
 * `silverback init`.
 *
 * @module
 */

import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { detect } from '../init/detect.ts'
import { unifiedDiff } from '../init/diff.ts'
import { planInit } from '../init/plan.ts'
import {
  type Framework,
  frameworks,
  type PackageManager,
  type Plan,
  type Project,
  type StoreKind,
  stores,
} from '../init/project.ts'
import { storeLabels } from '../init/store.ts'
import { writeAll } from '../init/write.ts'
import { type Context, command, type Outcome } from '../lib/command.ts'
import { exitCodes, FailedError, UsageError } from '../lib/exit-codes.ts'

const frameworkLabels: Readonly<Record<Framework, string>> = {
  express: 'Express',
  fastify: 'Fastify',
  hono: 'Hono',
  node: 'Node without a framework',
  next: 'Next.js',
  sveltekit: 'SvelteKit',
}

/** Thrown when a question is cancelled. */
class Cancelled extends Error {}

export default command({
  description: 'Add sessions to a project: files, a key, a test',
  args: {
    framework: {
      type: 'enum',
      options: [...frameworks],
      description: 'Default: the one that package.json names',
    },
    store: {
      type: 'enum',
      options: [...stores],
      description: 'Where sessions are stored. Default with --yes: cookie',
    },
    yes: { type: 'boolean', alias: 'y', description: 'Write without asking' },
    'dry-run': { type: 'boolean', description: 'Show the changes and write nothing' },
    install: { type: 'boolean', description: 'Install the packages too' },
  },
  async run(args, context): Promise<Outcome> {
    const isDry = args['dry-run'] === true
    const asks = context.isInteractive && !args.yes && !isDry
    if (!asks && !args.yes && !isDry) {
      throw new UsageError(
        'init asks before it writes, which needs a terminal. Pass --yes to write, or --dry-run to show the changes.',
      )
    }
    const project = detect(context.cwd)
    if (project.refusal !== undefined) throw new FailedError(project.refusal)
    try {
      const framework = args.framework ?? (await chooseFramework(project, asks, context))
      const store = args.store ?? (asks ? await chooseStore(framework, context) : 'cookie')
      const plan = planInit(project, { framework, store }, (bytes, encoding) =>
        randomBytes(bytes).toString(encoding),
      )
      const result = { framework, store, project, plan }
      if (plan.changes.length === 0) return outcomeOf(result, [], 'unchanged', context)
      const diff = plan.changes.flatMap(change => unifiedDiff(change, context.style))
      if (isDry) return outcomeOf(result, diff, 'dry-run', context)
      if (asks) {
        context.print(`\n${diff.join('\n')}\n`, undefined)
        await confirm(`Write ${count(plan.changes.length, 'file')}?`, context)
      }
      writeAll(context.cwd, plan.changes, context.signal)
      const asked =
        asks && !args.install && (await wantsInstall(project.packageManager, plan, context))
      const isInstalled =
        (args.install || asked === true) && (await install(project.packageManager, plan, context))
      if (asks) context.print('', undefined)
      const outcome = outcomeOf(result, [], isInstalled ? 'installed' : 'written', context)
      // The files are written. What is left is in the next steps.
      return asked === 'cancelled' ? { ...outcome, exitCode: exitCodes.interrupted } : outcome
    } catch (error) {
      if (!(error instanceof Cancelled)) throw error
      const lines = [`Cancelled: ${error.message}.`]
      return { lines, json: { status: 'cancelled' }, exitCode: exitCodes.interrupted }
    }
  },
})

async function chooseFramework(
  { frameworks: found }: Project,
  asks: boolean,
  context: Context,
): Promise<Framework> {
  const [first] = found
  if (found.length === 1 && first !== undefined) return first
  if (!asks) {
    const names = found.length === 0 ? 'no framework and no server' : found.join(' and ')
    throw new FailedError(
      `The project has ${names}. Name the framework: --framework=${found.length === 0 ? frameworks.join('|') : found.join('|')}`,
    )
  }
  const choices = found.length === 0 ? frameworks : found
  const { select } = await import('@clack/prompts')
  return answered(
    await select<Framework>({
      message: 'Which framework?',
      options: choices.map(value => ({ value, label: frameworkLabels[value] })),
      signal: context.signal,
    }),
  )
}

async function chooseStore(framework: Framework, context: Context): Promise<StoreKind> {
  const { select } = await import('@clack/prompts')
  const choices = stores.filter(store => framework !== 'next' || store !== 'memory')
  return answered(
    await select<StoreKind>({
      message: `Where does ${frameworkLabels[framework]} keep its sessions?`,
      options: choices.map(value => ({ value, label: storeLabels[value] })),
      signal: context.signal,
    }),
  )
}

async function confirm(message: string, context: Context): Promise<void> {
  const { confirm } = await import('@clack/prompts')
  if (!answered(await confirm({ message, signal: context.signal }))) {
    throw new Cancelled('nothing was written')
  }
}

async function wantsInstall(
  manager: PackageManager,
  plan: Plan,
  context: Context,
): Promise<boolean | 'cancelled'> {
  const commands = installCommands(manager, plan)
  if (commands.length === 0) return false
  const { confirm, isCancel } = await import('@clack/prompts')
  const message = `Run ${commands.map(words => words.join(' ')).join(' && ')}?`
  const wanted = await confirm({ message, signal: context.signal })
  return isCancel(wanted) ? 'cancelled' : wanted
}

/** The value of a question. Throws if it was cancelled. */
function answered<T>(value: T): Exclude<T, symbol> {
  if (typeof value === 'symbol') throw new Cancelled('nothing was written')
  return value as Exclude<T, symbol>
}

/** The commands that install the missing packages. */
function installCommands(
  manager: PackageManager,
  { dependencies, devDependencies }: Plan,
): string[][] {
  const add = manager === 'npm' ? 'install' : 'add'
  const dev = manager === 'npm' ? '--save-dev' : manager === 'pnpm' ? '--save-dev' : '--dev'
  return [
    ...(dependencies.length > 0 ? [[manager, add, ...dependencies]] : []),
    ...(devDependencies.length > 0 ? [[manager, add, dev, ...devDependencies]] : []),
  ]
}

/** Installs the packages. Returns false if there is nothing to install, and throws if it fails. */
async function install(manager: PackageManager, plan: Plan, context: Context): Promise<boolean> {
  const commands = installCommands(manager, plan)
  for (const [program = '', ...words] of commands) {
    const line = [program, ...words].join(' ')
    context.remark(context.style.dim(`$ ${line}`))
    const code = await new Promise<number | null>((resolve, reject) => {
      const isWindows = process.platform === 'win32'
      // The standard output must hold nothing but the outcome.
      const child = spawn(program, words, {
        cwd: context.cwd,
        env: context.env as NodeJS.ProcessEnv,
        stdio: ['ignore', 2, 2],
        shell: isWindows,
        signal: context.signal,
      })
      child.on('error', reject).on('close', resolve)
    }).catch(() => null)
    if (code !== 0) {
      throw new FailedError(`The files are written, but the packages are missing. Run: ${line}`)
    }
  }
  return commands.length > 0
}

interface Result {
  readonly framework: Framework
  readonly store: StoreKind
  readonly project: Project
  readonly plan: Plan
}

type Status = 'unchanged' | 'dry-run' | 'written' | 'installed'

function outcomeOf(
  { framework, store, project, plan }: Result,
  diff: readonly string[],
  status: Status,
  { style }: Context,
): Outcome {
  const commands = status === 'installed' ? [] : installCommands(project.packageManager, plan)
  const install = commands.map(words => words.join(' '))
  const files = plan.changes.map(({ path, before }) => ({
    path,
    action: before === undefined ? 'create' : 'change',
  }))
  const json = {
    status,
    framework,
    ...(plan.foundIn === undefined && { store }),
    files,
    install,
    test: plan.test ?? null,
    notes: plan.notes,
    nextSteps: plan.nextSteps,
  }
  const found =
    plan.foundIn === undefined ? [] : [`Sessions are set up already, in ${plan.foundIn}.`]
  if (status === 'unchanged') return { lines: [...found, 'Nothing to change.'], json }
  const done = status === 'dry-run' ? 'would be written' : 'written'
  const listed = files.map(({ path, action }) => {
    const name = style.name(path)
    return action === 'create' ? `${style.good('+')} ${name}` : `${style.warn('~')} ${name}`
  })
  const steps = [
    ...install,
    ...(plan.test === undefined ? [] : [`Run the test: ${plan.test}`]),
    ...plan.nextSteps,
    ...(plan.foundIn === undefined ? ['Check the running app: npx silverback doctor URL'] : []),
  ]
  return {
    lines: [
      ...diff,
      ...(diff.length > 0 ? [''] : []),
      ...found,
      style.bold(`${count(files.length, 'file')} ${done}:`),
      ...listed,
      ...plan.notes.flatMap(note => ['', `${style.warn('!')} ${note}`]),
      ...(steps.length > 0 ? ['', style.bold('Next:')] : []),
      ...steps.map((step, index) => `${index + 1}. ${step}`),
    ],
    json,
  }
}

function count(size: number, noun: string): string {
  return `${size} ${noun}${size === 1 ? '' : 's'}`
}
