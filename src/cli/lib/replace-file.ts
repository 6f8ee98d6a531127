/**
 * Replaces files atomically and keeps their mode.
 *
 * @module
 */

import { randomBytes } from 'node:crypto'
import { rename, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { hasCode, openNew, removeFile, syncFolder, temporaryPrefix } from '../../runtime/files.ts'

/**
 * Writes a file under a temporary name and renames it: readers see the old content or the new one, complete. Keeps the
 * mode and the owner of an existing file; only the owner can access a new one.
 */
export async function replaceFile(path: string, content: string): Promise<void> {
  const existing = await stat(path).catch(error => {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  })
  const temporary = join(dirname(path), temporaryPrefix + randomBytes(9).toString('base64url'))
  try {
    const file = await openNew(temporary)
    try {
      if (existing) {
        const own = await file.stat()
        // Only root can do that, and only root would change the owner by replacing the file.
        if (existing.uid !== own.uid || existing.gid !== own.gid) {
          await file.chown(existing.uid, existing.gid)
        }
        await file.chmod(existing.mode & 0o777)
      }
      await file.writeFile(content)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await removeFile(temporary)
    throw error
  }
  await syncFolder(dirname(path))
}
