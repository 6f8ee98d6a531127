/**
 * Writes several files so that either all of them change or none.
 *
 * @module
 */

import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { FailedError } from '../lib/exit-codes.ts'
import type { FileChange } from './project.ts'

interface Pending {
  readonly change: FileChange
  readonly target: string
  readonly temporary: string
}

/**
 * Writes the files under temporary names, then renames them in their order. If anything fails, or the signal aborts
 * before the first is renamed, everything is as it was before. Throws a {@link FailedError} then, and the signal's
 * reason if it has aborted.
 *
 * A process that is killed leaves temporary files, which the next call replaces.
 */
export function writeAll(
  folder: string,
  changes: readonly FileChange[],
  signal: AbortSignal,
): void {
  const pending = changes.map((change): Pending => {
    const target = targetOf(join(folder, change.path))
    return { change, target, temporary: join(dirname(target), temporaryName(target)) }
  })
  const newFolders: string[] = []
  const renamed: Pending[] = []
  let path = ''
  try {
    for (const each of pending) {
      path = each.change.path
      signal.throwIfAborted()
      assertUnchanged(each)
      newFolders.push(...makeFolder(dirname(each.target)))
      writeTemporary(each)
    }
    signal.throwIfAborted()
    for (const each of pending) {
      path = each.change.path
      renameSync(each.temporary, each.target)
      renamed.push(each)
    }
  } catch (error) {
    rollBack(pending, renamed, newFolders)
    if (signal.aborted || error instanceof FailedError) throw error
    const { message } = error as Error
    throw new FailedError(`${path} cannot be written, so nothing was changed: ${message}`)
  }
}

/** Renaming would replace a symbolic link, instead of the file it leads to. */
function targetOf(path: string): string {
  return existsSync(path) && lstatSync(path).isSymbolicLink() ? realpathSync(path) : path
}

function temporaryName(path: string): string {
  return `.${basename(path)}.silverback-init`
}

function assertUnchanged({ change, target }: Pending): void {
  const current = existsSync(target) ? readFileSync(target, 'utf8') : undefined
  if (current === change.before) return
  throw new FailedError(
    `${change.path} was changed by another program, so nothing was written. Run init again.`,
  )
}

/** Creates a folder and those above it. Returns the new ones, innermost first. */
function makeFolder(folder: string): string[] {
  if (existsSync(folder)) return []
  const outer = makeFolder(dirname(folder))
  mkdirSync(folder)
  return [folder, ...outer]
}

function writeTemporary({ change, target, temporary }: Pending): void {
  const mode = existsSync(target) ? statSync(target).mode & 0o777 : change.isSecret ? 0o600 : 0o666
  rmSync(temporary, { force: true })
  writeFileSync(temporary, change.after, { mode, flag: 'wx', flush: true })
}

function rollBack(
  pending: readonly Pending[],
  renamed: readonly Pending[],
  newFolders: readonly string[],
): void {
  for (const { change, target } of renamed) {
    const { before } = change
    attempt(() =>
      before === undefined ? rmSync(target, { force: true }) : writeFileSync(target, before),
    )
  }
  for (const { temporary } of pending) attempt(() => rmSync(temporary, { force: true }))
  // The longest first: a folder is emptied before the one that it is in.
  for (const folder of [...newFolders].sort((a, b) => b.length - a.length)) {
    attempt(() => rmdirSync(folder))
  }
}

/** One failure, such as of a folder that another program uses now, must not prevent what is left to undo. */
function attempt(undo: () => void): void {
  try {
    undo()
  } catch {
    // The error that led here is thrown.
  }
}
