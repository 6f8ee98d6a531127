/**
 * Sessions in files, one each; the cookie carries the id.
 *
 * The layout is that of gorilla's `FilesystemStore`: the file `session_` + id holds the values. With codecs of Go
 * they are encoded under the session's name, so that Go programs can share the directory. With `keys` they are
 * sealed under the name and the id.
 *
 * @module
 */

import type { Stats } from 'node:fs'
import { lstat, opendir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { utf8Bytes } from '#bytes'
import { type Codec, encodeMulti } from '../codec/codec.ts'
import type { Serializer } from '../codec/serializers/serializer.ts'
import { SessionError } from '../errors.ts'
import { assertInteger } from '../lib/assert-options.ts'
import { describeKind } from '../lib/describe.ts'
import { withKeyLock } from '../lib/keyed-mutex.ts'
import { encodeBase32 } from '../runtime/bytes/base32.ts'
import { randomBytes } from '../runtime/crypto/random.ts'
import {
  abandonedAfter,
  assertPrivateFolder,
  hasCode,
  readWholeFile,
  removeFile,
  temporaryPrefix,
  writeWholeFile,
} from '../runtime/files.ts'
import { encodeMetadata } from '../session/metadata.ts'
import type { Snapshot } from '../session/snapshot.ts'
import type { Capability } from '../session/store.ts'
import { loadedFrom } from './cookie/cookie-persistence.ts'
import { hasEnded } from './duplicate-cookies.ts'
import { type OpenedCookie, openCookie } from './open-cookie.ts'
import {
  type Draft,
  encodeContextOf,
  encodeId,
  type Loaded,
  type Persistence,
  type Rejected,
  type Written,
} from './persistence.ts'
import { SessionStore } from './session-store.ts'
import { type CodecStoreOptions, codecStoreOptions, needsKeys, Settings } from './settings.ts'

const filePrefix = 'session_'

/** gorilla's ids have 52 characters; ids of other programs must have no meaning in a path. */
const safeId = /^[\w-]{1,128}$/

/** The limit of a session file. Larger files are neither written nor read. */
const maxFileBytes = 16 * 1024 * 1024

/** How long to wait until a Go program has written a file that it has just truncated. In milliseconds. */
const goWriteMs = 20

/**
 * Keeps each session in a file of a directory. Files are replaced atomically and readable by their owner only.
 *
 * A session whose file is gone is not brought back: saving it does nothing.
 */
export class FilesystemStore extends SessionStore {
  /** @internal */
  static override readonly name: string = 'FilesystemStore'

  /** The directory. */
  readonly path: string
  /** The codecs of the cookies, newest first. */
  readonly codecs: readonly Codec[]
  readonly #fileCodecs: readonly Codec[]

  /**
   * Throws TypeError or RangeError for wrong options, naming them.
   *
   * @param path - the directory, created by the first save; empty: the system's directory for temporary files. Reads
   *   and saves reject with `store-failed` if other users may write to it, unless it is sticky as `/tmp` is.
   */
  constructor(path: string, options: CodecStoreOptions) {
    if (options === undefined) throw new TypeError(needsKeys('FilesystemStore'))
    const settings = new Settings('FilesystemStore', options, codecStoreOptions)
    if (typeof path !== 'string') {
      throw new TypeError(`path must be the name of a directory, not ${describeKind(path)}`)
    }
    const idCodecs = settings.codecsFor('session id')
    const fileCodecs = settings.codecsFor('session file', { maxLength: maxFileBytes })
    const directory = path || tmpdir()
    const isSealed = settings.keyring !== undefined
    super(new FilePersistence(directory, idCodecs, fileCodecs, isSealed), settings)
    this.path = directory
    this.codecs = idCodecs
    this.#fileCodecs = fileCodecs
  }

  /**
   * Deletes the files of sessions that were last saved more than `seconds` ago, and the temporary files of
   * killed writers. Go's store has nothing like it: its directory grows. Call it from time to time.
   *
   * @param seconds - default: the longest life that the codec allows
   * @returns how many files were deleted
   */
  async prune(seconds: number | undefined = longestLife(this.#fileCodecs[0])): Promise<number> {
    const oldest = assertInteger('seconds', seconds ?? 0)
    let removed = 0
    for await (const name of namesIn(this.path)) {
      const limit = ageLimit(name, oldest)
      if (limit !== undefined && (await removeOlder(join(this.path, name), limit))) removed++
    }
    return removed
  }
}

/** Reads and writes session files. */
class FilePersistence implements Persistence {
  readonly capabilities: ReadonlySet<Capability>
  readonly serializer: Serializer | undefined
  readonly codecs: readonly Codec[]
  readonly #directory: string
  readonly #idCodecs: readonly Codec[]
  readonly #fileCodecs: readonly Codec[]
  readonly #isSealed: boolean
  #isPrivate = false

  /**
   * @param isSealed - whether files are sealed with the keys of the store. They have room for metadata, and are
   *   bound to their ids. Other codecs write Go's layout, which has neither.
   */
  constructor(
    directory: string,
    idCodecs: readonly Codec[],
    fileCodecs: readonly Codec[],
    isSealed: boolean,
  ) {
    this.#directory = directory
    this.#idCodecs = idCodecs
    this.#fileCodecs = fileCodecs
    this.#isSealed = isSealed
    this.codecs = [...idCodecs, ...fileCodecs]
    this.serializer = fileCodecs[0]?.serializer
    this.capabilities = new Set(isSealed ? ['metadata', 'lifetimes', 'revocation'] : ['revocation'])
  }

  async read(name: string, text: string): Promise<Loaded | Rejected> {
    const cookie = openCookie(name, text, this.#idCodecs)
    if ('reason' in cookie) return cookie
    const id = cookie.opened.value
    if (typeof id !== 'string' || !safeId.test(id)) return { reason: 'malformed' }
    const file = await this.#readFile(name, id)
    if ('reason' in file) return file
    const renewal = file.opened.renewal ?? cookie.opened.renewal
    return loadedFrom({ ...file.opened, renewal }, id)
  }

  async write(draft: Draft): Promise<Written | undefined> {
    const { name, values, rotation, id: old } = draft
    const id = old === undefined || rotation !== undefined ? encodeBase32(randomBytes(32)) : old
    const metadata = this.#isSealed ? encodeMetadata(draft.metadata) : undefined
    const context = encodeContextOf(draft, metadata)
    const text = encodeId(draft, id, this.#idCodecs)
    const content = encodeMulti(this.#nameInFile(name, id), values, this.#fileCodecs, context)
    assertReadable(name, content, this.#fileCodecs)
    const isWritten = await this.#attempt(old ?? id, async path => {
      // The session was ended meanwhile.
      if (old !== undefined && !(await lstatIfExists(path))) return false
      await writeWholeFile(this.#pathOf(id), content)
      // The old id is invalid before the response leaves.
      if (old !== undefined && old !== id) await removeFile(path)
      return true
    })
    return isWritten ? { text, id } : undefined
  }

  async erase({ id }: Snapshot): Promise<void> {
    if (id !== undefined) await this.#attempt(id, removeFile)
  }

  async #readFile(name: string, id: string): Promise<OpenedCookie | Rejected> {
    const first = await this.#readFileOnce(name, id)
    if (this.#isSealed || !isUnreadable(first)) return first
    // Go truncates a file before it writes it.
    await new Promise(resolve => setTimeout(resolve, goWriteMs))
    const again = await this.#readFileOnce(name, id)
    // As in Go, the next save replaces a file that cannot be read.
    return isUnreadable(again) ? { ...again, id, keepsId: true } : again
  }

  async #readFileOnce(name: string, id: string): Promise<OpenedCookie | Rejected> {
    const content = await this.#attempt(id, path => readWholeFile(path, maxFileBytes))
    // The id of a lost session is not used again, so that nobody can bring the session back.
    if (content === undefined) return { reason: 'unknown-id' }
    return this.#open(name, id, content)
  }

  #open(name: string, id: string, content: string): OpenedCookie | Rejected {
    const file = openCookie(this.#nameInFile(name, id), content, this.#fileCodecs)
    if (!this.#isSealed || !('reason' in file)) return file
    // The form of files that were written before the id was part of the name. The next save binds them.
    const unbound = openCookie(name, content, this.#fileCodecs)
    if ('reason' in unbound) return unbound.reason === 'bad-mac' ? file : unbound
    return { opened: { ...unbound.opened, renewal: 'old-key' } }
  }

  /**
   * The name under which a file is encoded. With the id in it, a file that was copied over that of another
   * session does not open. Names of cookies have no spaces, so two names with ids are never equal.
   */
  #nameInFile(name: string, id: string): string {
    return this.#isSealed ? `${name} ${id}` : name
  }

  /** One file operation at a time per session. Rejects with `store-failed` when the disk fails. */
  async #attempt<T>(id: string, operation: (path: string) => Promise<T>): Promise<T> {
    // Checked here as well, because a custom codec may accept anything as an id.
    if (!safeId.test(id)) throw new RangeError('a session id has letters, digits, "-" and "_" only')
    const path = this.#pathOf(id)
    await this.#assertPrivate()
    try {
      return await withKeyLock(path, () => operation(path))
    } catch (error) {
      const cause = withoutIds(error)
      throw new SessionError('store-failed', `session file: ${cause.message}`, { cause })
    }
  }

  /** Checks the directory once, as soon as it exists. The store creates it with safe permissions. */
  async #assertPrivate(): Promise<void> {
    if (this.#isPrivate) return
    try {
      this.#isPrivate = await assertPrivateFolder(this.#directory)
    } catch (cause) {
      throw new SessionError('store-failed', `session file: ${(cause as Error).message}`, { cause })
    }
  }

  #pathOf(id: string): string {
    return join(this.#directory, filePrefix + id)
  }
}

/** Whether there is a file that cannot be read: it is half written, or another key or a longer limit is needed. */
function isUnreadable(file: OpenedCookie | Rejected): file is Rejected {
  return 'reason' in file && !hasEnded(file.reason)
}

/** Throws `value-too-long` for a file that is too large to be read again. */
function assertReadable(name: string, content: string, codecs: readonly Codec[]): void {
  const limits = codecs.map(({ maxLength }) => maxLength || maxFileBytes)
  const limit = Math.min(maxFileBytes, Math.max(...limits))
  if (content.length <= limit && utf8Bytes(content).length <= maxFileBytes) return
  throw new SessionError(
    'value-too-long',
    `session "${name}" needs a file of ${content.length} characters, and the limit is ${limit}`,
  )
}

function longestLife(codec: Codec | undefined): number | undefined {
  return codec?.maxLifetime ?? codec?.maxAge
}

/** The age in seconds from which a file may be deleted; undefined for files that are not ours. */
function ageLimit(name: string, sessions: number): number | undefined {
  if (name.startsWith(temporaryPrefix)) return abandonedAfter
  return name.startsWith(filePrefix) ? sessions : undefined
}

/** The names in a directory; none if it does not exist yet. */
async function* namesIn(directory: string): AsyncGenerator<string> {
  try {
    for await (const { name } of await opendir(directory)) yield name
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error
  }
}

/** Removes a file if it was last written more than `seconds` ago. Resolves to whether it was. */
async function removeOlder(path: string, seconds: number): Promise<boolean> {
  const isOlder = async (): Promise<boolean> => {
    const found = await lstatIfExists(path)
    return found !== undefined && isOurs(found) && found.mtimeMs < Date.now() - seconds * 1000
  }
  if (!(await isOlder())) return false
  return withKeyLock(path, async () => {
    // Check again: a request may have saved the session meanwhile.
    if (!(await isOlder())) return false
    await removeFile(path)
    return true
  })
}

/** Whether it can be a session of this user. In `/tmp`, other programs use similar names. */
function isOurs(found: Stats): boolean {
  const user = process.geteuid?.() ?? 0
  return !found.isDirectory() && (user === 0 || found.uid === user)
}

async function lstatIfExists(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
}

/** Error messages contain paths, and paths contain ids. */
function withoutIds(error: unknown): Error {
  const failure = error as NodeJS.ErrnoException & { dest?: string }
  for (const property of ['message', 'stack', 'path', 'dest'] as const) {
    const text = failure[property]
    if (text) failure[property] = text.replaceAll(/(?<=session_)[\w-]+/g, '…')
  }
  return failure
}
