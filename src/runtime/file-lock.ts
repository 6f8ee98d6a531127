/**
 * Locks between processes of one machine. A lock is a directory entry that exists while a process holds it.
 *
 * The entry identifies its holder, so the lock of a killed process is broken immediately. Where it is unknown
 * whether the holder is alive (another container, another machine, a system without `/proc`), a lock is broken
 * when it is a minute old: tasks that run under a lock take milliseconds.
 *
 * The entry is a dangling symbolic link whose target identifies the holder. A link is created together with its
 * target, while a process that creates a file and is killed before it writes leaves a lock without a holder. It is
 * a file where symbolic links are not permitted, and a hard link on a disk that has no inode left.
 *
 * @module
 */

import { createHash } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { type FileHandle, link, lstat, mkdir, readlink, symlink, utimes } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { encodeBase64Url } from '#bytes'
import { SessionError } from '../errors.ts'
import { randomBytes } from './crypto/random.ts'
import { hasCode, isOutOfSpace, openNew, readWholeFile, removeFile } from './files.ts'

/** How long to wait for a lock, and how to acquire it on a full disk. */
export interface Waiting {
  /** When to give up: Unix time in milliseconds. */
  readonly deadline: number
  /** Aborts the wait. */
  readonly signal?: AbortSignal | undefined
  /** A file on the same disk. The lock is a hard link to it if the disk has no inode left for a new entry. */
  readonly spare?: string | undefined
}

/** The age in milliseconds at which a lock is broken when it is unknown whether its holder is alive. */
const unknownHolderAge = 60_000

/** The maximum pause between two attempts, in milliseconds. */
const maxPause = 20

/**
 * Runs `task` while it holds the lock at `path`, exclusively among all processes.
 *
 * Rejects with `store-failed` when the lock cannot be acquired before the deadline, without running the task.
 */
export async function withLock<T>(
  path: string,
  task: () => Promise<T>,
  waiting: Waiting,
): Promise<T> {
  for (;;) {
    waiting.signal?.throwIfAborted()
    if (await acquire(path, waiting.spare)) break
    if (await breakAbandoned(path, waiting)) continue
    if (Date.now() >= waiting.deadline) {
      throw new SessionError(
        'store-failed',
        'timed out waiting for a lock that another process holds',
      )
    }
    await setTimeout(1 + Math.random() * maxPause, undefined, { signal: waiting.signal })
  }
  try {
    return await task()
  } finally {
    await removeFile(path)
  }
}

async function acquire(path: string, spare: string | undefined): Promise<boolean> {
  const holder = `${self()} ${encodeBase64Url(randomBytes(9))}`
  try {
    return await acquireAs(holder, path)
  } catch (error) {
    if (spare === undefined || !isOutOfSpace(error)) throw error
    return acquireByHardLink(path, spare, error)
  }
}

async function acquireAs(holder: string, path: string): Promise<boolean> {
  try {
    await makeLink(holder, path)
    return true
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false
    if (!hasCode(error, 'EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP')) throw error
  }
  return acquireByFile(path, holder)
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

/** For systems without symbolic links: some file systems, and most Windows accounts. */
async function acquireByFile(path: string, holder: string): Promise<boolean> {
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
    // The disk is full. An empty file still works as a lock, and sessions can still be deleted under it.
  } finally {
    await file.close()
  }
  return true
}

/** A hard link needs no inode. It does not identify its holder, so it is broken when it is old. */
async function acquireByHardLink(path: string, spare: string, cause: unknown): Promise<boolean> {
  if (await inspect(path)) return false
  try {
    // The age of a link is that of the file.
    const now = new Date()
    await utimes(spare, now, now)
    await link(spare, path)
    return true
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false
    throw cause
  }
}

/** Removes the lock if it is abandoned. Returns whether it was, so that the caller tries again immediately. */
async function breakAbandoned(path: string, waiting: Waiting): Promise<boolean> {
  const seen = await inspect(path)
  if (!seen || !isAbandoned(seen)) return false
  // Two processes may find it abandoned. The slower one must not remove the lock that the faster one acquired
  // after breaking it. So it is removed under another lock, whose name identifies the lock that was inspected.
  await withLock(
    `${path}-${seen.identity}`,
    async () => {
      if ((await inspect(path))?.identity === seen.identity) await removeFile(path)
    },
    // Not a hard link: that would change the age, and so the identity, of a lock that is a link to the same file.
    { ...waiting, spare: undefined },
  )
  return true
}

interface LockState {
  /** Distinguishes the lock from every other lock at this path, earlier or later. */
  readonly identity: string
  readonly holder: string
  /** Milliseconds since it was acquired. */
  readonly age: number
}

async function inspect(path: string): Promise<LockState | undefined> {
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
    // The lock was released or replaced in the meantime.
    if (hasCode(error, 'ENOENT', 'EINVAL')) return undefined
    throw error
  }
}

function isAbandoned({ holder, age }: LockState): boolean {
  const isAlive = isHolderAlive(holder)
  return isAlive === undefined ? age > unknownHolderAge : !isAlive
}

/** Whether the process that `holder` identifies is running; undefined when that is unknown. */
function isHolderAlive(holder: string): boolean | undefined {
  const [, pid, started, host] = /^([1-9]\d{0,9}) (\d*) (\S+) \S+$/.exec(holder) ?? []
  if (pid === undefined || host !== processNamespace()) return undefined
  if (!hasProcess(Number(pid))) return false
  const status = statusOf(Number(pid))
  // Process ids are reused, and a dead process (`Z`, `X`) keeps its id until its parent has waited for it.
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

/** State and start time of a process, from proc(5); undefined on systems without it. */
function statusOf(pid: number): { state: string; started: string } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The second field is the program's name in parentheses, which may contain anything.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return { state: fields[0] as string, started: fields[19] as string }
  } catch {
    return undefined
  }
}

let memoizedSelf: string | undefined

/** How locks identify this process. */
function self(): string {
  memoizedSelf ??= `${process.pid} ${statusOf(process.pid)?.started ?? ''} ${processNamespace()}`
  return memoizedSelf
}

let memoizedNamespace: string | undefined

/** Identifies the scope in which a process id is unique: this container, since this boot of the machine. */
function processNamespace(): string {
  // Short, so that the link is stored in its inode and needs no block of a full disk.
  memoizedNamespace ??= createHash('sha256')
    .update(describeNamespace())
    .digest('base64url')
    .slice(0, 10)
  return memoizedNamespace
}

function describeNamespace(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
    return `${boot}/${readlinkSync('/proc/self/ns/pid')}`
  } catch {
    return hostname()
  }
}
