/**
 * `silverback rotate-keys`.
 *
 * @module
 */

import { randomBytes } from 'node:crypto'
import { readFile, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { SessionError } from '../../errors.ts'
import { withLock } from '../../runtime/file-lock.ts'
import { hasCode } from '../../runtime/files.ts'
import { type Context, command, type Outcome } from '../lib/command.ts'
import { parseDuration } from '../lib/duration.ts'
import { FailedError, UsageError } from '../lib/exit-codes.ts'
import { relativeTime } from '../lib/relative-time.ts'
import { replaceFile } from '../lib/replace-file.ts'
import { printable, type Style, table } from '../lib/style.ts'
import {
  formatKeyFile,
  type KeyEntry,
  type KeyFile,
  parseKeyFile,
} from '../rotate-keys/key-file.ts'
import { type Rotation, rotate } from '../rotate-keys/rotate.ts'

/** How long to wait for another run, in milliseconds. */
const lockTimeout = 10_000

export default command({
  description: 'Put a new key in front of a key file, and drop old ones',
  args: {
    file: {
      type: 'positional',
      required: true,
      description: 'The key file: one key per line, the newest first. Created if it is missing',
    },
    'max-age': {
      type: 'string',
      default: '30d',
      valueHint: 'DURATION',
      description: 'How long replaced keys stay: at least the maximum lifetime of a session',
    },
    stage: {
      type: 'boolean',
      description:
        'Put the new key second until the next run, for several processes that read the file',
    },
    'dry-run': { type: 'boolean', description: 'Show what would change, and change nothing' },
  },
  async run({ file, 'max-age': maxAgeText, stage, 'dry-run': isDryRun }, context) {
    const maxAge = parseDuration('--max-age', maxAgeText)
    const path = await realPathOf(resolve(context.cwd, file))
    const now = new Date()
    const change = async (): Promise<Rotation> => {
      const key = randomBytes(32).toString('base64')
      const options = { key, now, maxAge, stage: stage === true }
      const rotation = rotate(await readKeyFile(file, path), options)
      if (!isDryRun) await replaceFile(path, formatKeyFile(rotation.file))
      return rotation
    }
    const rotation = await (isDryRun ? change() : locked(path, change, context))
    if (!isDryRun) await warnIfPublic(file, path, context)
    return outcomeOf(file, rotation, { now, isDryRun: isDryRun === true, style: context.style })
  },
})

/** A file behind a symbolic link is replaced where it is, not the link. */
async function realPathOf(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return path
    throw new FailedError(`The key file could not be found: ${(error as Error).message}`)
  }
}

async function readKeyFile(name: string, path: string): Promise<KeyFile> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return { entries: [], below: [] }
    throw new FailedError(`The key file could not be read: ${(error as Error).message}`)
  }
  try {
    return parseKeyFile(text)
  } catch (error) {
    throw new UsageError(
      `${printable(name)} is not a key file, and was not changed: ${(error as Error).message}`,
    )
  }
}

async function locked<Result>(
  path: string,
  task: () => Promise<Result>,
  { signal }: Context,
): Promise<Result> {
  const lock = join(dirname(path), `.${basename(path)}.lock`)
  try {
    return await withLock(lock, task, { deadline: Date.now() + lockTimeout, signal })
  } catch (error) {
    if (error instanceof UsageError || error instanceof FailedError || signal.aborted) throw error
    const reason =
      error instanceof SessionError ? 'another run holds its lock' : (error as Error).message
    throw new FailedError(`The key file was not changed: ${reason}`)
  }
}

async function warnIfPublic(name: string, path: string, context: Context): Promise<void> {
  if (process.platform === 'win32') return
  const { mode } = await stat(path)
  if ((mode & 0o007) === 0) return
  context.remark(`Every user of this machine can access ${printable(name)}: run chmod o= on it.`)
}

function outcomeOf(
  file: string,
  { file: { entries }, added, dropped }: Rotation,
  { now, isDryRun, style }: { now: Date; isDryRun: boolean; style: Style },
): Outcome {
  const seconds = now.getTime() / 1000
  const rows = [
    ...entries.map((entry, index) => [
      `${index}`,
      // The id of a key that is not written would be that of another key in the next run.
      isDryRun && entry.id === added.id ? 'a new key' : `key id ${entry.id}`,
      stateOf(entry, index, seconds, style),
    ]),
    ...dropped.map(entry => ['', `key id ${entry.id}`, style.bad(droppedText(entry, seconds))]),
  ]
  const title = `${printable(file)}${isDryRun ? ' would have' : ' has'} ${entries.length} ${entries.length === 1 ? 'key' : 'keys'}`
  return {
    lines: [style.bold(title), ...table(rows).map(line => `  ${line}`)],
    json: {
      file,
      dryRun: isDryRun,
      keys: entries.map(entry => jsonOf(entry, isDryRun && entry.id === added.id)),
      dropped: dropped.map(entry => jsonOf(entry, false)),
    },
  }
}

function stateOf(entry: KeyEntry, index: number, now: number, style: Style): string {
  const { created, replaced, isStaged } = entry
  const age = created ? `, created ${relativeTime(created, now)}` : ''
  if (index === 0) return style.good(`seals and opens${age}`)
  if (isStaged) return style.warn(`opens; the next run with --stage puts it first${age}`)
  return `opens${age}${replaced ? `, replaced ${relativeTime(replaced, now)}` : ''}`
}

function droppedText({ replaced }: KeyEntry, now: number): string {
  return `dropped, replaced ${replaced ? relativeTime(replaced, now) : 'before'}`
}

function jsonOf({ id, created, replaced, isStaged }: KeyEntry, isUnwritten: boolean): object {
  return { ...(!isUnwritten && { id }), created, replaced, staged: isStaged }
}
