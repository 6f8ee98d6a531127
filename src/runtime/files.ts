/**
 * Files that are whole or absent: written beside their place and renamed into it.
 *
 * @module
 */

import { constants } from 'node:fs'
import { type FileHandle, mkdir, open, rename, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { encodeBase64Url } from '#bytes'
import { randomBytes } from './crypto/random.ts'

/** Files that a killed writer left behind begin with this. */
export const temporaryPrefix = '.silverback-tmp-'

// Windows has no symbolic links that open() would follow unasked.
const noFollow = constants.O_NOFOLLOW ?? 0

/** A temporary file this old, in seconds, has no writer any more. */
export const abandonedAfter = 3600

/**
 * The text of a file, or undefined when there is none, it is a link or anything else but a
 * regular file, or it has more than `maxBytes`.
 */
export async function readWholeFile(path: string, maxBytes: number): Promise<string | undefined> {
  return reading(path, async (file, size) =>
    size <= maxBytes ? await file.readFile('utf8') : undefined,
  )
}

/** The bytes of a file, or its first `most`; undefined for what {@link readWholeFile} refuses. */
export async function readBytes(path: string, most?: number): Promise<Uint8Array | undefined> {
  return reading(path, async file => {
    if (most === undefined) return await file.readFile()
    const { buffer, bytesRead } = await file.read(new Uint8Array(most), 0, most, 0)
    return buffer.subarray(0, bytesRead)
  })
}

async function reading<T>(
  path: string,
  read: (file: FileHandle, size: number) => Promise<T | undefined>,
): Promise<T | undefined> {
  let file: FileHandle
  try {
    // Not blocking: a pipe that someone put here must not hold the request.
    file = await open(path, constants.O_RDONLY | noFollow | (constants.O_NONBLOCK ?? 0))
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ELOOP', 'ENXIO')) return undefined
    throw error
  }
  try {
    const stat = await file.stat()
    return stat.isFile() ? await read(file, stat.size) : undefined
  } finally {
    await file.close()
  }
}

/**
 * Puts `content` at `path`, readable by the owner alone. Whoever reads, and whenever the process or
 * the machine dies, finds the old content or the new, whole. A link at `path` is replaced, not
 * followed. The folder is made when it is missing, for the owner alone.
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

/** Removes a file. A missing one is as good. Not by `rm`, which looks at the file first. */
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
    // Without it a crash can leave the new name on an empty file.
    await file.sync()
  } finally {
    await file.close()
  }
}

/** A new file for its owner alone, in a folder made when missing. Rejects where anything exists. */
export async function openNew(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'wx', 0o600)
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    return open(path, 'wx', 0o600)
  }
}

/** Makes what happened to the names in a folder last. Systems that cannot open one do it anyway. */
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

/** Whether this is a system's error of one of the codes. */
export function hasCode(error: unknown, ...codes: string[]): boolean {
  return codes.includes((error as NodeJS.ErrnoException).code ?? '')
}
