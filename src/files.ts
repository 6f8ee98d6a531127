/**
 * Files that are whole or absent: written beside their place and renamed into it.
 *
 * @module
 */

import { constants } from 'node:fs'
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { encodeBase64Url } from '#bytes'
import { randomBytes } from './crypto/random.ts'

/** Files that a killed writer left behind begin with this. */
export const temporaryPrefix = '.silverback-tmp-'

// Windows has no symbolic links that open() would follow unasked.
const noFollow = constants.O_NOFOLLOW ?? 0

/**
 * The text of a file, or undefined when there is none, it is a link or anything else but a
 * regular file, or it has more than `maxBytes`.
 */
export async function readWholeFile(path: string, maxBytes: number): Promise<string | undefined> {
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
    return stat.isFile() && stat.size <= maxBytes ? await file.readFile('utf8') : undefined
  } finally {
    await file.close()
  }
}

/**
 * Puts `text` at `path`, readable by the owner alone. Whoever reads, and whenever the process or
 * the machine dies, finds the old content or the new, whole. A link at `path` is replaced, not
 * followed. The folder is made when it is missing, for the owner alone.
 */
export async function writeWholeFile(path: string, text: string): Promise<void> {
  const folder = dirname(path)
  const temporary = join(folder, temporaryPrefix + encodeBase64Url(randomBytes(12)))
  try {
    await writeSynced(temporary, text)
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await syncFolder(folder)
}

/** Removes a file. A missing one is as good. */
export async function removeFile(path: string): Promise<void> {
  await rm(path, { force: true })
}

async function writeSynced(path: string, text: string): Promise<void> {
  const file = await openNew(path)
  try {
    await file.writeFile(text)
    // Without it a crash can leave the new name on an empty file.
    await file.sync()
  } finally {
    await file.close()
  }
}

async function openNew(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'wx', 0o600)
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    return open(path, 'wx', 0o600)
  }
}

/** Makes the rename itself last. Systems that cannot open a folder do it on their own. */
async function syncFolder(path: string): Promise<void> {
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

function hasCode(error: unknown, ...codes: string[]): boolean {
  return codes.includes((error as NodeJS.ErrnoException).code ?? '')
}
