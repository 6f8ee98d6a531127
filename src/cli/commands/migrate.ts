/**
 * `silverback migrate`.
 *
 * @module
 */

import { resolve } from 'node:path'
import type { Backend } from '../../backends/backend.ts'
import type { Connection } from '../backends/connection.ts'
import { failureOf, withConnection } from '../backends/open.ts'
import { StoreUrl } from '../backends/url.ts'
import { type Context, command, type Outcome } from '../lib/command.ts'
import { parseDuration } from '../lib/duration.ts'
import { echo } from '../lib/echo.ts'
import { exitCodes, FailedError, UsageError } from '../lib/exit-codes.ts'
import { counted, positiveInteger } from '../lib/numbers.ts'
import { table } from '../lib/style.ts'
import {
  migrationName,
  type Progress,
  readProgress,
  removeProgress,
  writeProgress,
} from '../migrate/checkpoint.ts'
import { assertFormat, migrationFrom, type SourceOptions } from '../migrate/formats.ts'
import { type Counts, type Migration, noCounts } from '../migrate/migration.ts'
import { compareSample, runMigration } from '../migrate/run.ts'
import { limited, Slots, unchanged } from '../migrate/targets.ts'

const args = {
  from: { type: 'positional', required: false, description: 'The store with the sessions' },
  to: { type: 'positional', required: false, description: 'The store to copy them to' },
  'from-env': {
    type: 'string',
    valueHint: 'NAME',
    description:
      'The environment variable with the URL of FROM, so that its password is not visible in ps',
  },
  'to-env': { type: 'string', valueHint: 'NAME', description: 'The same for TO' },
  'from-format': {
    type: 'string',
    valueHint: 'NAME',
    default: 'silverback',
    description: 'The library or Go module that wrote the sessions, such as connect-redis',
  },
  'dry-run': { type: 'boolean', description: 'Change nothing, and report what would be copied' },
  move: {
    type: 'boolean',
    description: 'Move the sessions of a running app that uses migrating(from, to)',
  },
  verify: {
    type: 'string',
    default: '1000',
    description: 'The number of randomly chosen sessions to compare at the end; 0 for none',
  },
  concurrency: {
    type: 'string',
    default: '16',
    description: 'The number of concurrent operations',
  },
  'max-age': {
    type: 'string',
    default: '30d',
    description: 'The lifetime of sessions without a recorded expiry: the Max-Age of a Go program',
  },
  'skip-count': {
    type: 'boolean',
    description: 'Do not count the sessions first; the remaining time is then unknown',
  },
  'skip-schema': { type: 'boolean', description: 'Do not create the tables and indexes of TO' },
  checkpoint: {
    type: 'string',
    valueHint: 'FILE',
    description: 'Where to keep the progress (default: a file in the working directory)',
  },
  restart: { type: 'boolean', description: 'Start from the beginning instead of continuing' },
} as const

export default command({
  description: 'Copy sessions to another store; run it again to continue',
  args,
  async run(given, context): Promise<Outcome> {
    const [from, to] = urlsOf(given, context)
    const slots = new Slots(positiveInteger('concurrency', given.concurrency))
    const source: SourceOptions = {
      format: given['from-format'],
      url: from,
      maxAge: parseDuration('--max-age', given['max-age']),
      slots,
      move: given.move === true,
    }
    const verify = positiveInteger('verify', given.verify, 0)
    assertFormat(source)
    if (source.move && given['dry-run']) {
      throw new UsageError('--move and --dry-run cannot be combined.')
    }
    const name = migrationName(source.format, from.id, to.id, String(source.move))
    const job: Job = {
      name,
      file: resolve(context.cwd, given.checkpoint ?? `silverback-migrate-${name}.json`),
      isDry: given['dry-run'] === true,
      counts: !given['skip-count'],
      verify,
      restart: given.restart === true,
    }
    const { cwd, signal } = context
    // Tables in another format have no records of ours.
    const check = source.format === 'silverback' ? {} : { check: async () => undefined }
    const prepare = async ({ backend }: Connection) => {
      if (!job.isDry && !given['skip-schema']) await backend.ensureSchema?.()
    }
    return withConnection(from, { cwd, signal, mayCreate: false, ...check }, async origin => {
      const migration = await migrationFrom(origin, source)
      const mayCreate = !job.isDry
      const options = { cwd, signal, mayCreate, check: prepare, passErrors: true }
      return withConnection(to, options, ({ backend }) => {
        const bounded = limited(backend, slots, error => failureOf(to, error))
        const target = job.isDry ? unchanged(bounded) : bounded
        return migrate(migration, target, origin, job, context)
      })
    })
  },
})

/** What to do besides copying. */
interface Job {
  readonly name: string
  /** The file with the progress. */
  readonly file: string
  readonly isDry: boolean
  readonly counts: boolean
  readonly verify: number
  readonly restart: boolean
}

function urlsOf(
  given: {
    from?: string | undefined
    to?: string | undefined
    'from-env'?: string | undefined
    'to-env'?: string | undefined
  },
  { env }: Context,
): [StoreUrl, StoreUrl] {
  const words = [given.from, given.to].filter(word => word !== undefined)
  const fromEnv = variableOf('from-env', given['from-env'], env)
  const from = fromEnv ?? words.shift()
  const to = variableOf('to-env', given['to-env'], env) ?? words.shift()
  if (from === undefined || to === undefined || words.length > 0) {
    throw new UsageError(
      'Pass two stores: silverback migrate FROM TO, such as redis://localhost postgres://localhost/app. ' +
        '--from-env and --to-env replace one each.',
    )
  }
  const urls: [StoreUrl, StoreUrl] = [StoreUrl.parse(from), StoreUrl.parse(to)]
  if (urls[0].id === urls[1].id) throw new UsageError('FROM and TO are the same store.')
  return urls
}

function variableOf(
  option: string,
  variable: string | undefined,
  env: Context['env'],
): string | undefined {
  if (variable === undefined) return undefined
  const value = env[variable]
  if (!value) throw new UsageError(`--${option}: the variable ${echo(variable)} is not set.`)
  return value
}

async function migrate(
  migration: Migration,
  target: Backend,
  origin: Connection,
  job: Job,
  context: Context,
): Promise<Outcome> {
  const { signal } = context
  const epoch = await origin.epoch?.().catch(() => undefined)
  const start = await startOf(job, origin, epoch, context)
  const display = await displayOf(migration, start, job, context)
  let copied: Progress
  try {
    copied = await runMigration({
      migration,
      target,
      start,
      signal,
      async onPage(progress) {
        if (!job.isDry) await writeProgress(job.file, job.name, progress)
        display.show(progress.counts)
      },
    })
  } catch (error) {
    if (signal.aborted) context.remark('Interrupted. Run the same command again to continue.')
    throw error
  } finally {
    context.progress()
  }
  if (origin.epoch && epoch !== (await origin.epoch().catch(() => undefined))) {
    await removeProgress(job.file)
    throw new FailedError(
      'The server of FROM was restarted in the meantime, so sessions may be missing. Run the same command again.',
    )
  }
  const isCompared = !job.isDry && !migration.moves && job.verify > 0
  const compared = isCompared
    ? await compareSample({ migration, target, signal }, copied.sample, job.verify)
    : undefined
  if (!job.isDry) await removeProgress(job.file)
  return outcomeOf(copied.counts, compared, display.seconds(), migration, job, context)
}

/** Where to begin: where the last run stopped, if its cursor is still valid. */
async function startOf(
  job: Job,
  { epoch: hasEpoch }: Connection,
  epoch: string | undefined,
  { remark }: Context,
): Promise<Progress> {
  const beginning = { counts: noCounts, cursor: undefined, sample: [], epoch }
  if (job.isDry || job.restart) return beginning
  const saved = await readProgress(job.file, job.name)
  if (!saved) return beginning
  if (hasEpoch && (epoch === undefined || saved.epoch !== epoch)) {
    remark('The server of FROM was restarted since the last run: beginning again.')
    return beginning
  }
  remark(`Continuing after ${counted(saved.counts.read, 'record')}; --restart begins again.`)
  return saved
}

/** Shows how far a migration is. */
interface Display {
  show(counts: Counts): void
  seconds(): number
}

async function displayOf(
  migration: Migration,
  start: Progress,
  job: Job,
  context: Context,
): Promise<Display> {
  let total: number | undefined
  if (job.counts && migration.count) {
    context.progress('Counting the sessions …')
    total = await migration.count(context.signal)
    // A move leaves fewer.
    if (migration.moves) total += start.counts.read
  }
  const began = Date.now()
  const seconds = () => (Date.now() - began) / 1000
  return {
    seconds,
    show({ read }) {
      const rate = (read - start.counts.read) / Math.max(seconds(), 0.001)
      const speed = `${numberText(Math.round(rate))} a second`
      if (!total) return context.progress(`${numberText(read)} sessions, ${speed}`)
      const percent = Math.min(100, Math.floor((100 * read) / total))
      const left = Math.ceil(Math.max(0, total - read) / Math.max(rate, 0.001))
      context.progress(
        `${numberText(read)} of ${numberText(total)} sessions (${percent} %), ${speed}, ${durationText(left)} left`,
      )
    },
  }
}

function outcomeOf(
  counts: Counts,
  compared: Counts | undefined,
  seconds: number,
  { moves }: Migration,
  { isDry }: Job,
  { style }: Context,
): Outcome {
  const wrong = compared ? compared.created + compared.updated : 0
  const would = isDry ? 'would be ' : ''
  const rows: [string, number][] = [
    [moves ? 'moved' : `${would}copied`, counts.created],
    [`${would}updated`, counts.updated],
    ['the same already', counts.same],
    ['newer at the target, kept', counts.kept],
    ['in another format, skipped', counts.skipped],
  ]
  const lines = [
    `${counted(counts.read, 'record')} in ${durationText(Math.ceil(seconds))}`,
    ...table(
      rows
        .filter(([, count], index) => index === 0 || count > 0)
        .map(([title, count]) => [`  ${title}`, numberText(count)]),
    ),
  ]
  if (compared) {
    lines.push(
      wrong === 0
        ? style.good(`Compared ${counted(compared.read, 'record')}: all are there.`)
        : style.bad(
            `Compared ${numberText(compared.read)} copies: ${numberText(wrong)} are missing or older. ` +
              'They have changed in the meantime: run the same command again.',
          ),
    )
  }
  const json = {
    ...counts,
    seconds,
    dryRun: isDry,
    ...(compared && { compared: compared.read, different: wrong }),
  }
  return { lines, json, exitCode: wrong > 0 ? exitCodes.problem : exitCodes.ok }
}

function numberText(count: number): string {
  return count.toLocaleString('en-US')
}

function durationText(seconds: number): string {
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  return minutes < 60
    ? `${minutes} min ${seconds % 60} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
