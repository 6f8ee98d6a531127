/**
 * Locks between the processes of a machine: a name in a folder that exists while somebody holds it.
 *
 * It tells its holder, so that the lock of a killed process is broken at once. Where nobody can know
 * whether the holder lives (another container, another machine, a system without `/proc`), a lock is
 * broken when it is a minute old: what is done under one takes milliseconds.
 *
 * The name is a symbolic link that leads nowhere, its target the text that tells the holder. Links are
 * made whole: the process that makes a file and is killed before it writes leaves one that tells nothing.
 *
 * @module
 */

import { createHash } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { type FileHandle, lstat, mkdir, readlink, symlink } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { encodeBase64Url } from '#bytes'
import { SessionError } from '../errors.ts'
import { randomBytes } from './crypto/random.ts'
import { hasCode, openNew, readWholeFile, removeFile } from './files.ts'

/** How long to wait for a lock. */
export interface Waiting {
  /** Until when: Unix time in milliseconds. */
  readonly deadline: number
  /** Ends the waiting early. */
  readonly signal?: AbortSignal | undefined
}

/** Age in milliseconds from which a lock whose holder nobody knows is broken. */
const unknownHolderAge = 60_000

/** Longest pause in milliseconds between two attempts. */
const longestPause = 20

/**
 * Runs `task` while no other task, of this process or another, holds the lock at `path`.
 *
 * Rejects with `store-failed` when it is not free before the deadline; the task has not begun then.
 */
export async function withLock<T>(
  path: string,
  task: () => Promise<T>,
  waiting: Waiting,
): Promise<T> {
  for (;;) {
    waiting.signal?.throwIfAborted()
    if (await take(path)) break
    if (await breakAbandoned(path, waiting)) continue
    if (Date.now() >= waiting.deadline) {
      throw new SessionError('store-failed', 'another process does not let go of the record')
    }
    await setTimeout(1 + Math.random() * longestPause, undefined, { signal: waiting.signal })
  }
  try {
    return await task()
  } finally {
    await removeFile(path)
  }
}

async function take(path: string): Promise<boolean> {
  const holder = `${self()} ${encodeBase64Url(randomBytes(9))}`
  try {
    await makeLink(holder, path)
    return true
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false
    if (!hasCode(error, 'EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP')) throw error
  }
  return takeByFile(path, holder)
}

async function makeLink(target: string, path: string): Promise<void> {
  try {
    await symlink(target, path)
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    await symlink(target, path)
  }
}

/** Where links cannot be made: on some disks, and for most accounts of Windows. */
async function takeByFile(path: string, holder: string): Promise<boolean> {
  let file: FileHandle
  try {
    file = await openNew(path)
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false
    throw error
  }
  try {
    await file.writeFile(holder)
  } catch {
    // A full disk. An empty lock will do: what is there can still be deleted.
  } finally {
    await file.close()
  }
  return true
}

/** Removes the lock if its holder is gone. Answers whether it was worth a try. */
async function breakAbandoned(path: string, waiting: Waiting): Promise<boolean> {
  const seen = await look(path)
  if (!seen || !isAbandoned(seen)) return false
  // Of two that found it abandoned, the slower must not remove what the faster took after it. So
  // this is done under a lock of its own, named for the very lock that was seen.
  await withLock(
    `${path}-${seen.identity}`,
    async () => {
      if ((await look(path))?.identity === seen.identity) await removeFile(path)
    },
    waiting,
  )
  return true
}

interface SeenLock {
  /** Tells it from every other lock that was or will be at the path. */
  readonly identity: string
  readonly holder: string
  /** Milliseconds since it was made. */
  readonly age: number
}

async function look(path: string): Promise<SeenLock | undefined> {
  try {
    const stat = await lstat(path, { bigint: true })
    const holder = stat.isSymbolicLink() ? await readlink(path) : await readWholeFile(path, 1000)
    const identity = createHash('sha256').update(`${stat.ino} ${stat.mtimeNs} ${holder}`)
    return {
      identity: identity.digest('hex').slice(0, 32),
      holder: holder ?? '',
      age: Date.now() - Number(stat.mtimeMs),
    }
  } catch (error) {
    // It went, or became another, while it was looked at.
    if (hasCode(error, 'ENOENT', 'EINVAL')) return undefined
    throw error
  }
}

function isAbandoned({ holder, age }: SeenLock): boolean {
  const lives = holderLives(holder)
  return lives === undefined ? age > unknownHolderAge : !lives
}

/** Whether the process that `holder` names runs; undefined when that cannot be told. */
function holderLives(holder: string): boolean | undefined {
  const [, pid, started, place] = /^([1-9]\d{0,9}) (\d*) (\S+) \S+$/.exec(holder) ?? []
  if (pid === undefined || place !== here()) return undefined
  if (!hasProcess(Number(pid))) return false
  const status = statusOf(Number(pid))
  // A process number is given to another process some day, and stays with a dead one (`Z`, `X`)
  // until its parent has asked.
  return status && status.started === started && !/[ZX]/.test(status.state)
}

function hasProcess(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return !hasCode(error, 'ESRCH')
  }
}

/** State and start of a process, from proc(5); undefined where there is no such thing. */
function statusOf(pid: number): { state: string; started: string } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The second field is the program's name in parentheses, and may hold anything.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return { state: fields[0] as string, started: fields[19] as string }
  } catch {
    return undefined
  }
}

let memoizedSelf: string | undefined

/** This process, as locks name it. */
function self(): string {
  memoizedSelf ??= `${process.pid} ${statusOf(process.pid)?.started ?? ''} ${here()}`
  return memoizedSelf
}

let memoizedPlace: string | undefined

/** Where process numbers mean the same: this start of this machine, this container. */
function here(): string {
  // Short, so that a link fits where its name does and needs no room on a full disk.
  memoizedPlace ??= createHash('sha256').update(findPlace()).digest('base64url').slice(0, 10)
  return memoizedPlace
}

function findPlace(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
    return `${boot}/${readlinkSync('/proc/self/ns/pid')}`
  } catch {
    return hostname()
  }
}
