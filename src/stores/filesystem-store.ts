/**
 * Sessions in files, one each; the cookie carries the id.
 *
 * The layout is that of gorilla's `FilesystemStore`, so that Go programs share the folder: a file
 * `session_` + id holds the values as text of the codecs under the session's name.
 *
 * @module
 */

import { lstat, opendir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Codec, encodeMulti, type Renewal } from '../codec/codec.ts'
import { SessionError } from '../errors.ts'
import { assertInteger } from '../lib/assert-options.ts'
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
import { decodeMetadata } from '../session/metadata.ts'
import { Session } from '../session/session.ts'
import type { Capability } from '../session/store.ts'
import { CodecStore, type CodecStoreOptions } from './codec-store.ts'
import { openText } from './open-text.ts'

const nothing = new Uint8Array(0)

const filePrefix = 'session_'

/** 52 characters in gorilla's ids; nothing that means anything in a path in any other. */
const safeId = /^[\w-]{1,128}$/

/** Larger files are not session files. */
const maxFileBytes = 16 * 1024 * 1024

/**
 * Keeps each session in a file of a folder: whole at every moment, readable by its owner alone.
 *
 * A session whose file is gone is not brought back: saving it does nothing.
 */
export class FilesystemStore extends CodecStore {
  /** The folder. */
  readonly path: string
  readonly #fileCodecs: readonly Codec[]

  /**
   * Throws TypeError or RangeError for wrong options.
   *
   * @param path - the folder, made at the first save; empty: the system's for temporary files
   */
  constructor(path: string, options: CodecStoreOptions) {
    super(options, 'session id')
    this.#fileCodecs = this.codecsFor('session file')
    this.agingCodecs.push(...this.#fileCodecs)
    if (typeof path !== 'string') throw new TypeError('path must be the name of a folder')
    this.path = path || tmpdir()
  }

  protected async read<T extends object>(name: string, text: string): Promise<Session<T>> {
    const result = openText(name, text, this.codecs)
    if ('reason' in result) return this.begin(name, result.reason, result.refusals)
    const id = result.opened.value
    if (typeof id !== 'string' || !safeId.test(id)) return this.begin(name, 'malformed')
    return this.#load(name, id, result.opened.renewal)
  }

  protected async write(session: Session<object>): Promise<string | undefined> {
    const { name } = session
    const isRotated = Session.rotationOf(session) !== undefined
    const old = session.id
    const id = old === undefined || isRotated ? encodeBase32(randomBytes(32)) : old
    const cookieText = encodeMulti(name, id, this.codecs, this.contextOf(session))
    const fileText = this.encodeValues(session, this.#fileCodecs)
    const written = await this.#attempt(old ?? id, async path => {
      // Not there any more: the session was ended meanwhile.
      if (old !== undefined && !(await exists(path))) return false
      await writeWholeFile(this.#pathOf(id), fileText)
      // The old id is dead before the response leaves.
      if (old !== undefined && old !== id) await removeFile(path)
      Session.assignId(session, id)
      return true
    })
    return written ? cookieText : undefined
  }

  override get capabilities(): ReadonlySet<Capability> {
    return new Set<Capability>([...super.capabilities, 'revocation'])
  }

  protected async erase({ id }: Session<object>): Promise<void> {
    if (id !== undefined) await this.#attempt(id, removeFile)
  }

  /**
   * Removes the files of sessions last saved more than `seconds` ago, and what killed writers left
   * behind. Go's store has no such thing: its folder grows. Call it from time to time.
   *
   * @param seconds - by default the longest life that the codec allows
   * @returns how many files were removed
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

  async #load<T extends object>(
    name: string,
    id: string,
    renewal: Renewal | undefined,
  ): Promise<Session<T>> {
    const text = await this.#attempt(id, path => readWholeFile(path, maxFileBytes))
    // The id of a lost session is not used again, so that nobody brings it back.
    if (text === undefined) return this.begin(name, 'unknown-id')
    const result = openText(name, text, this.#fileCodecs)
    if ('reason' in result) return this.begin(name, result.reason, result.refusals)
    const { opened } = result
    const metadata = decodeMetadata(opened.metadata ?? nothing)
    if (!metadata) return this.begin(name, 'malformed')
    const known = { ...opened, renewal: opened.renewal ?? renewal }
    return this.resume(name, known, metadata, { id })
  }

  /** One file operation at a time for each session; a failing disk is an error of its own kind. */
  async #attempt<T>(id: string, operation: (path: string) => Promise<T>): Promise<T> {
    // An id is checked here too: a custom codec may have let anything through.
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
    return join(this.path, filePrefix + id)
  }
}

function longestLife(codec: Codec | undefined): number | undefined {
  return codec?.maxLifetime ?? codec?.maxAge
}

/** The age in seconds from which a file may go; undefined for files that are not ours. */
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

/** Errors of files name their paths, and these hold ids. */
function withoutIds(error: unknown): Error {
  const failure = error as NodeJS.ErrnoException & { dest?: string }
  for (const property of ['message', 'stack', 'path', 'dest'] as const) {
    const text = failure[property]
    if (text) failure[property] = text.replaceAll(/(?<=session_)[\w-]+/g, '…')
  }
  return failure
}
