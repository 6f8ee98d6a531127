/**
 * Lists the files of gorilla's `FilesystemStore`: `session_` and the id, with securecookie's text.
 *
 * @module
 */

import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { assertPrivateFolder, readWholeFile } from '../../../runtime/files.ts'
import type { Page } from './records.ts'

const fileName = /^session_[\w-]{1,128}$/
const prefixLength = 'session_'.length
const maxFileBytes = 16 * 1024 * 1024

/** More than of a database, because the whole directory is read for each page. */
const pageSize = 1000

/** @param cursor - the last name of the page before, or an empty string */
export async function listSessionFiles(path: string, cursor: string): Promise<Page<string>> {
  await assertPrivateFolder(path)
  const names = (await readdir(path)).filter(name => fileName.test(name) && name > cursor).sort()
  const page = names.slice(0, pageSize)
  const records = await Promise.all(
    page.map(async name => {
      const data = await readWholeFile(join(path, name), maxFileBytes)
      // The session may have ended since the directory was read.
      return data === undefined ? [] : [{ id: name.slice(prefixLength), data }]
    }),
  )
  return { records: records.flat(), next: names.length > pageSize ? page.at(-1) : undefined }
}
