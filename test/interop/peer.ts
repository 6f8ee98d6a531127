/**
 * Runs the Go program that reads and writes sessions for the tests. It is built once and started for each
 * suite. `interop/go/README.md` describes its protocol.
 */

import { type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { lstat, mkdir, rename } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { findProgram } from '../support/services/programs.ts'
import type { Tree } from './tree.ts'

/** A session as Go loaded it. */
export interface GoLoaded {
  values: Tree
  id: string
  isNew: boolean
}

/** The result of saving a session in Go. */
export interface GoSaved {
  /** The whole `Set-Cookie` header. */
  setCookie: string
  /** The cookie value in it. */
  value: string
  id?: string
  file?: string
}

export interface GoRandomSession {
  tree: Tree
  gob: string
  cookie: string
}

/** The response of a Go program with gorilla/csrf. */
export interface GoCsrf {
  token: string
  /** Empty if the cookie of the request is valid. */
  setCookie: string
  status: number
}

/** The result of each method. */
export interface Results {
  'cookie.load': GoLoaded
  'cookie.save': GoSaved
  'cookie.update': GoSaved
  'cookie.delete': GoSaved
  'fs.load': GoLoaded
  'fs.save': GoSaved
  'fs.update': GoSaved
  'fs.delete': GoSaved
  'store.load': GoLoaded
  'store.save': GoSaved
  'store.update': GoSaved
  'store.delete': GoSaved
  'store.rotate': GoSaved
  'store.compare': { equal: boolean; diff?: string }
  'csrf.issue': GoCsrf
  'csrf.verify': GoCsrf
  'flash.add': GoSaved
  'flash.read': GoSaved & { flashes: Tree[] }
  'codec.encode': { encoded: string }
  'codec.decode': { value: Tree }
  'gob.encode': { hex: string }
  'gob.decode': { tree: Tree }
  'gob.compare': { equal: boolean; diff?: string }
  random: { sessions: GoRandomSession[] }
}

export interface Peer {
  /** Calls a method of the Go program. Calls may overlap. Rejects with a {@link PeerError}. */
  call<Method extends keyof Results>(method: Method, params: object): Promise<Results[Method]>
}

/** An error that the Go program returned. */
export class PeerError extends Error {
  /** `usage`, `decode`, `internal`, `other`, `panic` or `request`. */
  readonly kind: string
  /** The part that Go had decoded before the error. */
  readonly result: object | undefined

  constructor(kind: string, message: string, result: object | undefined) {
    super(message)
    this.kind = kind
    this.result = result
  }
}

/**
 * Starts the Go program for the tests of the current suite.
 *
 * @param tags - build tags: `stores` for the community stores
 */
export function usePeer(...tags: 'stores'[]): Peer {
  let running: RunningPeer | undefined
  before(async () => {
    running = new RunningPeer(await builtPeer(tags))
  })
  after(() => running?.stop())
  return {
    call(method, params) {
      if (running === undefined) throw new Error('the Go program runs only during tests')
      return running.call(method, params)
    },
  }
}

interface Response {
  result?: object
  error?: { message: string; kind: string }
}

interface Pending {
  resolve(response: Response): void
  reject(error: Error): void
}

class RunningPeer implements Peer {
  readonly #child: ChildProcessWithoutNullStreams
  /** Responses come in the order of the requests. */
  readonly #pending: Pending[] = []

  constructor(program: string) {
    this.#child = spawn(program)
    this.#child.stderr.pipe(process.stderr)
    createInterface({ input: this.#child.stdout }).on('line', line => {
      this.#pending.shift()?.resolve(JSON.parse(line) as Response)
    })
    this.#child.once('close', () => {
      for (const { reject } of this.#pending) reject(new Error('the Go program ended'))
    })
  }

  async call<Method extends keyof Results>(
    method: Method,
    params: object,
  ): Promise<Results[Method]> {
    const response = new Promise<Response>((resolve, reject) => {
      this.#pending.push({ resolve, reject })
    })
    this.#child.stdin.write(`${JSON.stringify({ id: 0, method, params })}\n`)
    const { result, error } = await response
    if (error) throw new PeerError(error.kind, error.message, result)
    return result as Results[Method]
  }

  async stop(): Promise<void> {
    const closed = once(this.#child, 'close')
    this.#child.stdin.end()
    await closed
  }
}

const sources = fileURLToPath(new URL('../../interop/go/', import.meta.url))

/** Builds the program, unless these sources were built before. Returns its path. */
async function builtPeer(tags: readonly string[]): Promise<string> {
  const { uid, username } = userInfo()
  const folder = join(tmpdir(), `silverback-interop-${username}`)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  // Any user can create folders in /tmp. Run only a program from a folder of our own user.
  if ((await lstat(folder)).uid !== uid) throw new Error(`${folder} belongs to another user`)
  const program = join(folder, ['peer', ...tags, hashOfSources()].join('-'))
  if (!existsSync(program)) {
    // Several test files may build at once, each to its own file, so that renaming is atomic.
    const built = `${program}-${randomUUID()}`
    const args = ['build', '-tags', tags.join(), '-o', built, './cmd/peer']
    await promisify(execFile)(findProgram('go') as string, args, { cwd: sources })
    await rename(built, program)
  }
  return program
}

function hashOfSources(): string {
  const hash = createHash('sha256')
  const files = readdirSync(sources, { recursive: true, encoding: 'utf8' })
  for (const file of files.filter(name => /\.go$|^go\.(mod|sum)$/.test(name)).sort()) {
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(sources, file)))
      .update('\0')
  }
  return hash.digest('hex').slice(0, 16)
}
