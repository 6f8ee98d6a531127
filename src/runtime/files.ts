/**
 * Atomic file writes: a file is written under a temporary name in the same folder, and then renamed.
 *
 * @module
 */

import { constants, type Stats } from 'node:fs'
import { type FileHandle, mkdir, open, rename, stat, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { encodeBase64Url } from '#bytes'
import { randomBytes } from './crypto/random.ts'

/** The prefix of temporary files. A killed writer leaves its file behind. */
export const temporaryPrefix = '.silverback-tmp-'

// Windows lacks O_NOFOLLOW: there, open() does not follow symbolic links unasked.
const noFollow = constants.O_NOFOLLOW ?? 0

/** The age in seconds from which a temporary file is considered abandoned. */
export const abandonedAfter = 3600

/**
 * Reads a file as UTF-8. Resolves with undefined when it does not exist, is not a regular file (a symbolic link,
 * for example), or has more than `maxBytes` bytes.
 */
export async function readWholeFile(path: string, maxBytes: number): Promise<string | undefined> {
  return withRegularFile(path, async (file, size) =>
    size <= maxBytes ? await file.readFile('utf8') : undefined,
  )
}

/**
 * Reads a file, or its first `maxBytes` bytes. Resolves with undefined when it does not exist or is not a regular
 * file.
 */
export async function readBytes(path: string, maxBytes?: number): Promise<Uint8Array | undefined> {
  return withRegularFile(path, async file => {
    if (maxBytes === undefined) return await file.readFile()
    const { buffer, bytesRead } = await file.read(new Uint8Array(maxBytes), 0, maxBytes, 0)
    return buffer.subarray(0, bytesRead)
  })
}

async function withRegularFile<T>(
  path: string,
  read: (file: FileHandle, size: number) => Promise<T | undefined>,
): Promise<T | undefined> {
  let file: FileHandle
  try {
    // Non-blocking, so that a named pipe at this path cannot stall the request.
    file = await open(path, constants.O_RDONLY | noFollow | (constants.O_NONBLOCK ?? 0))
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ELOOP', 'ENXIO')) return undefined
    throw error
  }
  try {
    const found = await file.stat()
    return found.isFile() ? await read(file, found.size) : undefined
  } finally {
    await file.close()
  }
}

/**
 * Writes `content` to `path` atomically, readable by the owner only. Readers see either the old content or the new,
 * complete, even after a crash of the process or the machine. A symbolic link at `path` is replaced, not followed.
 * Creates the folder if it is missing, accessible to the owner only.
 */
export async function writeWholeFile(path: string, content: string | Uint8Array): Promise<void> {
  const folder = dirname(path)
  const temporary = join(folder, temporaryPrefix + encodeBase64Url(randomBytes(12)))
  try {
    await writeSynced(temporary, content)
    await rename(temporary, path)
  } catch (error) {
    await removeFile(temporary)
    throw error
  }
  await syncFolder(folder)
}

const writableByOthers = constants.S_IWGRP | constants.S_IWOTH
/** In a directory with this bit, only the owner of a file can rename or remove it. */
const sticky = 0o1000

/**
 * Rejects if other users could replace the files in a folder: if they may write to it and it is not sticky, or if it
 * belongs to another user who could create it first because its parent is shared, such as `/tmp`. Resolves to false
 * if the folder does not exist. Windows has no such modes; there, this checks nothing.
 */
export async function assertPrivateFolder(path: string): Promise<boolean> {
  if (process.platform === 'win32') return true
  let folder: Stats
  try {
    folder = await stat(path)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false
    throw error
  }
  if ((folder.mode & writableByOthers) !== 0 && (folder.mode & sticky) === 0) {
    throw new Error(
      `other users may write to the directory ${path}: run "chmod 700 ${path}", or use a new directory inside it`,
    )
  }
  const user = process.geteuid?.() ?? folder.uid
  if (folder.uid !== user && folder.uid !== 0 && (await isShared(dirname(path)))) {
    throw new Error(
      `the directory ${path} belongs to another user: remove it, or use one that only you can create`,
    )
  }
  return true
}

async function isShared(folder: string): Promise<boolean> {
  return ((await stat(folder)).mode & writableByOthers) !== 0
}

/** Removes a file if it exists. Uses `unlink` because `rm` stats the file first. */
export async function removeFile(path: string): Promise<void> {
  try {
    await unlink(path)
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error
  }
}

async function writeSynced(path: string, content: string | Uint8Array): Promise<void> {
  const file = await openNew(path)
  try {
    await file.writeFile(content)
    // Without this, a crash can leave an empty file under the new name.
    await file.sync()
  } finally {
    await file.close()
  }
}

/**
 * Creates a file that only its owner can access, and its folder if it is missing. Rejects with `EEXIST` when
 * anything exists at `path`.
 */
export async function openNew(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'wx', 0o600)
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    return open(path, 'wx', 0o600)
  }
}

/** Makes changes of the names in a folder durable. Systems that cannot open a folder do not need this. */
export async function syncFolder(path: string): Promise<void> {
  let folder: FileHandle
  try {
    folder = await open(path, 'r')
  } catch (error) {
    if (hasCode(error, 'EISDIR', 'EPERM', 'EACCES')) return
    throw error
  }
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** Whether this is a system error with one of these codes. */
export function hasCode(error: unknown, ...codes: string[]): boolean {
  return codes.includes((error as NodeJS.ErrnoException).code ?? '')
}

/** Whether an operation failed because the disk, or the quota of its user, has no bytes or inodes left. */
export function isOutOfSpace(error: unknown): boolean {
  return hasCode(error, 'ENOSPC', 'EDQUOT')
}
