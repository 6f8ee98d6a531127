/**
 * Sessions in files, one each; the cookie carries the id.
 *
 * The layout is that of gorilla's `FilesystemStore`, so that Go programs can share the directory: the file
 * `session_` + id holds the values, encoded by the codecs under the session's name.
 *
 * @module
 */

import { lstat, opendir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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
  readWholeFile,
  removeFile,
  temporaryPrefix,
  writeWholeFile,
} from '../runtime/files.ts'
import { encodeMetadata } from '../session/metadata.ts'
import type { Snapshot } from '../session/snapshot.ts'
import type { Capability } from '../session/store.ts'
import { loadedFrom } from './cookie/cookie-persistence.ts'
import { openCookie } from './open-cookie.ts'
import {
  type Draft,
  encodeContextOf,
  type Loaded,
  type Persistence,
  type Rejected,
  type Written,
} from './persistence.ts'
import { SessionStore } from './session-store.ts'
import { type CodecStoreOptions, codecStoreOptions, Settings } from './settings.ts'

const filePrefix = 'session_'

/** gorilla's ids have 52 characters; ids of other programs must have no meaning in a path. */
const safeId = /^[\w-]{1,128}$/

/** Larger files are not session files. */
const maxFileBytes = 16 * 1024 * 1024

/**
 * Keeps each session in a file of a directory. Files are replaced atomically and readable by their owner only.
 *
 * A session whose file is gone is not brought back: saving it does nothing.
 */
export class FilesystemStore extends SessionStore {
  /** The directory. */
  readonly path: string
  /** The codecs of the cookies, newest first. */
  readonly codecs: readonly Codec[]
  readonly #fileCodecs: readonly Codec[]

  /**
   * Throws TypeError or RangeError for wrong options, naming them.
   *
   * @param path - the directory, created by the first save; empty: the system's directory for temporary files
   */
  constructor(path: string, options: CodecStoreOptions) {
    const settings = new Settings('FilesystemStore', options, codecStoreOptions)
    if (typeof path !== 'string') {
      throw new TypeError(`path must be the name of a directory, not ${describeKind(path)}`)
    }
    const idCodecs = settings.codecsFor('session id')
    const fileCodecs = settings.codecsFor('session file')
    const directory = path || tmpdir()
    const keepsMetadata = settings.keyring !== undefined
    super(new FilePersistence(directory, idCodecs, fileCodecs, keepsMetadata), settings)
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
    for await (const { name } of await opendir(this.path)) {
      const limit = ageLimit(name, oldest)
      if (limit !== undefined && (await isOlder(join(this.path, name), limit))) {
        await removeFile(join(this.path, name))
        removed++
      }
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
  readonly #keepsMetadata: boolean

  constructor(
    directory: string,
    idCodecs: readonly Codec[],
    fileCodecs: readonly Codec[],
    keepsMetadata: boolean,
  ) {
    this.#directory = directory
    this.#idCodecs = idCodecs
    this.#fileCodecs = fileCodecs
    this.#keepsMetadata = keepsMetadata
    this.codecs = [...idCodecs, ...fileCodecs]
    this.serializer = fileCodecs[0]?.serializer
    this.capabilities = new Set(
      keepsMetadata ? ['metadata', 'lifetimes', 'revocation'] : ['revocation'],
    )
  }

  async read(name: string, text: string): Promise<Loaded | Rejected> {
    const cookie = openCookie(name, text, this.#idCodecs)
    if ('reason' in cookie) return cookie
    const id = cookie.opened.value
    if (typeof id !== 'string' || !safeId.test(id)) return { reason: 'malformed' }
    const content = await this.#attempt(id, path => readWholeFile(path, maxFileBytes))
    // The id of a lost session is not used again, so that nobody can bring the session back.
    if (content === undefined) return { reason: 'unknown-id' }
    const file = openCookie(name, content, this.#fileCodecs)
    if ('reason' in file) return file
    const renewal = file.opened.renewal ?? cookie.opened.renewal
    return loadedFrom({ ...file.opened, renewal }, id)
  }

  async write(draft: Draft): Promise<Written | undefined> {
    const { name, values, rotation, id: old } = draft
    const id = old === undefined || rotation !== undefined ? encodeBase32(randomBytes(32)) : old
    const metadata = this.#keepsMetadata ? encodeMetadata(draft.metadata) : undefined
    const context = encodeContextOf(draft, metadata)
    const idContext = { ...context, metadata: undefined, serialized: undefined }
    const text = encodeMulti(name, id, this.#idCodecs, idContext)
    const content = encodeMulti(name, values, this.#fileCodecs, context)
    const isWritten = await this.#attempt(old ?? id, async path => {
      // The session was ended meanwhile.
      if (old !== undefined && !(await exists(path))) return false
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

  /** One file operation at a time per session. Rejects with `store-failed` when the disk fails. */
  async #attempt<T>(id: string, operation: (path: string) => Promise<T>): Promise<T> {
    // Checked here as well, because a custom codec may accept anything as an id.
    if (!safeId.test(id)) throw new RangeError('a session id has letters, digits, "-" and "_" only')
    const path = this.#pathOf(id)
    try {
      return await withKeyLock(path, () => operation(path))
    } catch (error) {
      const cause = withoutIds(error)
      throw new SessionError('store-failed', `session file: ${cause.message}`, { cause })
    }
  }

  #pathOf(id: string): string {
    return join(this.#directory, filePrefix + id)
  }
}

function longestLife(codec: Codec | undefined): number | undefined {
  return codec?.maxLifetime ?? codec?.maxAge
}

/** The age in seconds from which a file may be deleted; undefined for files that are not ours. */
function ageLimit(name: string, sessions: number): number | undefined {
  if (name.startsWith(temporaryPrefix)) return abandonedAfter
  return name.startsWith(filePrefix) ? sessions : undefined
}

async function isOlder(path: string, seconds: number): Promise<boolean> {
  const { mtimeMs } = await lstat(path)
  return mtimeMs < Date.now() - seconds * 1000
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
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
