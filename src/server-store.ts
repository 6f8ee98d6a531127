/**
 * Sessions on the server: the cookie carries an id, a {@link Backend} keeps the record.
 *
 * @module
 */

import { latin1Text, utf8Bytes } from '#bytes'
import { attempt } from './attempt.ts'
import type {
  Backend,
  Limitation,
  NewRecord,
  OwnerIndex,
  StoredRecord,
  Version,
} from './backend.ts'
import { wholeNumber } from './checks.ts'
import { thirtyDays, unixSeconds } from './clock.ts'
import { type Codec, encodeMulti, type Renewal } from './codec/codec.ts'
import { json } from './codec/serializers/json.ts'
import { nop } from './codec/serializers/nop.ts'
import type { Serializer } from './codec/serializers/serializer.ts'
import { CodecStore, type CodecStoreOptions, openText } from './codec-store.ts'
import { SessionError } from './errors.ts'
import { isId, keyOf, newId, ownerKey } from './ids.ts'
import { merge } from './merge.ts'
import { createdOf, decodeRecord, encodeRecord, isSameBody, type RecordBody } from './record.ts'
import { Session, type Values } from './session.ts'

/** How long sessions live, in seconds. */
export interface Lifetime {
  /** Without a request. Default 24 hours. */
  idle?: number
  /** At all, however busy. Default 30 days. */
  absolute?: number
  /** After how long a request renews the idle time. Default a twentieth of it, at least a minute. */
  renewAfter?: number
}

/** What a {@link ServerStore} can be told. */
export interface ServerStoreOptions extends Omit<CodecStoreOptions, 'codecs'> {
  /** How long sessions live. */
  lifetime?: Lifetime
  /** Between values and bytes. Default {@link json}. */
  serializer?: Serializer
  /** Keep records encrypted, bound to their ids. Needs `keys`. Default false. */
  encrypt?: boolean
  /** Most bytes of a record. Default 65,536. */
  maxRecordBytes?: number
  /**
   * When two requests changed the same key: the later save counts (`'merge'`, the default), or
   * rejects with `conflict` (`'throw'`). Changes to different keys are merged in any case.
   */
  onConflict?: 'merge' | 'throw'
  /** Promises of the contract that may be missing: a backend that lacks others is refused. */
  allow?: readonly Limitation[]
}

/** What is known of the record that a session was read from, or written to. */
interface Kept {
  readonly body: RecordBody
  readonly version: Version
}

/** A session of an owner, as {@link ServerStore.sessionsOf} lists it. */
export interface SessionInfo {
  /** Names the session for {@link ServerStore.revoke}. No cookie can be made of it. */
  readonly handle: string
  /** When it began, and when it ends unless it is used: Unix times in seconds. */
  readonly created: number
  readonly expires: number
}

/** Tries to write against others who write the same session. */
const attempts = 20

/**
 * Keeps sessions in a {@link Backend}.
 *
 * Two requests that change a session at once are merged, key by key; a session that was ended is not
 * brought back by a slower request: saving it does nothing.
 */
export class ServerStore extends CodecStore {
  readonly #backend: Backend & Partial<OwnerIndex>
  readonly #serializer: Serializer
  readonly #sealing: readonly Codec[] | undefined
  readonly #idle: number
  readonly #absolute: number
  readonly #renewAfter: number
  readonly #maxRecordBytes: number
  readonly #onConflict: 'merge' | 'throw'
  readonly #now: () => number
  readonly #kept = new WeakMap<Session<object>, Kept>()

  /** Throws TypeError or RangeError for wrong options, and for a backend that promises too little. */
  constructor(backend: Backend & Partial<OwnerIndex>, options: ServerStoreOptions = {}) {
    const idle = wholeNumber('lifetime.idle', options.lifetime?.idle ?? 86_400)
    const absolute = wholeNumber('lifetime.absolute', options.lifetime?.absolute ?? thirtyDays)
    // The id in a cookie lasts as long as its record.
    const lasting = { maxAge: idle, maxLifetime: absolute }
    super(options.keys ? options : { ...options, codecs: [plainIds] }, 'session record id', lasting)
    assertLimitations(backend, options.allow ?? [])
    this.#backend = backend
    this.#serializer = options.serializer ?? json
    this.#idle = idle
    this.#absolute = absolute
    const renewAfter = options.lifetime?.renewAfter ?? Math.max(60, Math.floor(this.#idle / 20))
    this.#renewAfter = wholeNumber('lifetime.renewAfter', renewAfter)
    this.#maxRecordBytes = wholeNumber('maxRecordBytes', options.maxRecordBytes ?? 65_536)
    this.#onConflict = options.onConflict ?? 'merge'
    this.#now = options.now ?? unixSeconds
    if (options.encrypt && !options.keys) throw new TypeError('encrypt needs keys')
    this.#sealing = options.encrypt ? this.#sealingCodecs() : undefined
  }

  /**
   * The owner's sessions that are alive, the newest first. Needs a backend with an owner index.
   */
  async sessionsOf(owner: string): Promise<SessionInfo[]> {
    const index = this.#ownerIndex()
    const handles = await attempt(() => index.ofOwner(ownerKey(owner)))
    const infos = await Promise.all(handles.map(handle => this.#info(handle)))
    return infos
      .filter(info => info !== undefined)
      .sort((one, other) => other.created - one.created)
  }

  /** Ends the session of this handle, wherever it is signed in. */
  async revoke(handle: string): Promise<void> {
    await attempt(() => this.#backend.delete(handle))
  }

  /**
   * Ends every session of the owner, but for `except`: "sign out everywhere else". Answers how many
   * there were. Needs a backend with an owner index.
   */
  async revokeAll(
    owner: string,
    { except }: { except?: Session<object> | undefined } = {},
  ): Promise<number> {
    const index = this.#ownerIndex()
    const kept = except?.id === undefined ? [] : [keyOf(except.id)]
    return attempt(() => index.deleteOwner(ownerKey(owner), { except: kept }))
  }

  protected async read<T extends object>(name: string, text: string): Promise<Session<T>> {
    const cookie = openText(name, text, this.codecs)
    if ('reason' in cookie) return this.begin(name, cookie.reason)
    const id = cookie.opened.value
    if (!isId(id)) return this.begin(name, 'malformed')
    const record = await attempt(() => this.#backend.load(keyOf(id)))
    if (!record) return this.begin(name, 'unknown-id')
    const body = this.#bodyOf(name, id, record)
    if (!body) return this.begin(name, 'malformed')
    if (this.#now() >= body.created + this.#absolute) return this.begin(name, 'expired')
    // When to renew for its age, the record knows: it is what the request writes then.
    const renewal = cookie.opened.renewal === 'old-key' ? 'old-key' : undefined
    return this.#session(name, id, record, body, renewal)
  }

  #session<T extends object>(
    name: string,
    id: string,
    record: StoredRecord,
    body: RecordBody,
    renewal: Renewal | undefined,
  ): Session<T> {
    const { payload, created } = body
    const owner = body.owner || undefined
    const opened = {
      value: this.#deserialize(payload),
      payload,
      serializer: this.#serializer,
      startedAt: created,
      maxAge: body.isTold ? body.idle : undefined,
      renewal: renewal ?? this.#renewal(record, body),
    }
    const session = this.resume<T>(name, opened, { id, owner })
    if (!session.isNew) this.#kept.set(session, { version: record.version, body })
    return session
  }

  /** Idle time is renewed now and then, not with every request: each renewal is a write. */
  #renewal({ expires }: StoredRecord, { idle, created }: RecordBody): Renewal | undefined {
    if (expires >= created + this.#absolute) return undefined
    const used = this.#now() - (expires - idle)
    return used >= Math.min(this.#renewAfter, idle / 2) ? 'age' : undefined
  }

  protected async write(session: Session<object>): Promise<string | undefined> {
    const kept = this.#kept.get(session)
    const id = kept ? session.id : await this.#create(session)
    if (id === undefined || (kept && !(await this.#update(session, id, kept)))) return undefined
    return encodeMulti(session.name, id, this.codecs, this.contextOf(session))
  }

  protected async erase({ id }: Session<object>): Promise<void> {
    if (id !== undefined) await attempt(() => this.#backend.delete(keyOf(id)))
  }

  async #create(session: Session<object>): Promise<string> {
    const id = newId()
    const body = this.#newBody(session, this.#now(), session.values)
    const record = this.#record(session, id, body)
    const result = await attempt(() => this.#backend.create(keyOf(id), record))
    if (result.status === 'exists') {
      // Two ids of 256 random bits never are alike: the backend is not what it says it is.
      throw new SessionError('store-failed', 'session backend: a new id exists already')
    }
    Session.assignId(session, id)
    this.#keep(session, body, result.version)
    return id
  }

  /** False when the session has ended meanwhile. */
  async #update(session: Session<object>, id: string, kept: Kept): Promise<boolean> {
    let { version } = kept
    let values = session.values
    let body = this.#newBody(session, kept.body.created, values)
    if (isSameBody(body, kept.body)) {
      await attempt(() => this.#backend.touch(keyOf(id), this.#expiry(body)))
      return true
    }
    for (let tried = 0; tried < attempts; tried++) {
      const record = this.#record(session, id, body)
      const result = await attempt(() => this.#backend.update(keyOf(id), record, version))
      if (result.status === 'gone') return false
      if (result.status === 'updated') {
        replaceValues(session.values, values)
        this.#keep(session, body, result.version)
        return true
      }
      version = result.current.version
      values = this.#merged(session, id, kept, result.current)
      body = this.#newBody(session, kept.body.created, values)
      await pause(tried)
    }
    throw new SessionError(
      'conflict',
      `session "${session.name}" was changed by others all the time`,
    )
  }

  /** From here on the session is compared with this. */
  #keep(session: Session<object>, body: RecordBody, version: Version): void {
    this.#kept.set(session, { body, version })
    Session.forgetChanges(session)
  }

  /** What this request changed, on what another saved. */
  #merged(session: Session<object>, id: string, kept: Kept, current: StoredRecord): Values {
    const theirs = this.#bodyOf(session.name, id, current)
    if (!theirs) throw new SessionError('store-failed', 'session backend: the record is damaged')
    const { values, contested } = merge(
      {
        base: this.#deserialize(kept.body.payload) as Values,
        mine: session.values as Values,
        theirs: this.#deserialize(theirs.payload) as Values,
        changes: Session.mergeableChanges(session),
      },
      this.#serializer,
    )
    if (contested.length > 0 && this.#onConflict === 'throw') {
      const keys = contested.map(key => JSON.stringify(key)).join(', ')
      throw new SessionError('conflict', `session "${session.name}": others changed ${keys} too`)
    }
    if (ownerOf(session) === kept.body.owner) session.owner = theirs.owner || undefined
    return values
  }

  #newBody(session: Session<object>, created: number, values: object): RecordBody {
    const { maxAge } = session.options
    return {
      created,
      idle: typeof maxAge === 'number' ? maxAge : this.#idle,
      isTold: typeof maxAge === 'number',
      owner: ownerOf(session),
      payload: this.#serialize(values),
    }
  }

  #record(session: Session<object>, id: string, body: RecordBody): NewRecord {
    const data = encodeRecord(body, bytes => this.#seal(session.name, id, bytes))
    if (data.length > this.#maxRecordBytes) {
      throw new SessionError(
        'value-too-long',
        `session "${session.name}" has ${data.length} bytes; at most ${this.#maxRecordBytes} are kept`,
      )
    }
    const owner = body.owner ? ownerKey(body.owner) : undefined
    return { data, expires: this.#expiry(body), owner }
  }

  #expiry({ created, idle }: RecordBody): number {
    return Math.min(this.#now() + idle, created + this.#absolute)
  }

  #bodyOf(name: string, id: string, { data }: StoredRecord): RecordBody | undefined {
    return decodeRecord(data, bytes => this.#open(name, id, bytes))
  }

  #seal(name: string, id: string, bytes: Uint8Array): Uint8Array {
    if (!this.#sealing) return bytes
    return utf8Bytes(encodeMulti(recordName(name, id), bytes, this.#sealing))
  }

  #open(name: string, id: string, bytes: Uint8Array): Uint8Array | undefined {
    if (!this.#sealing) return bytes
    const text = latin1Text(bytes, 0, bytes.length)
    const result = openText(recordName(name, id), text, this.#sealing)
    return 'reason' in result ? undefined : (result.opened.value as Uint8Array)
  }

  #sealingCodecs(): readonly Codec[] {
    const lasting = { maxAge: this.#absolute, maxLifetime: this.#absolute }
    const maxLength = Math.ceil((this.#maxRecordBytes + 100) / 3) * 4
    return this.codecsFor('session record', {
      serializer: nop,
      maxLength,
      cacheBytes: 0,
      ...lasting,
    })
  }

  async #info(handle: string): Promise<SessionInfo | undefined> {
    const record = await attempt(() => this.#backend.load(handle))
    const created = record && createdOf(record.data)
    return record && created !== undefined
      ? { handle, created, expires: record.expires }
      : undefined
  }

  #ownerIndex(): OwnerIndex {
    const { ofOwner, deleteOwner } = this.#backend
    if (!ofOwner || !deleteOwner) {
      throw new TypeError('this backend does not find sessions by their owner')
    }
    return this.#backend as OwnerIndex
  }

  #serialize(values: object): Uint8Array {
    try {
      return this.#serializer.serialize(values)
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : 'the values cannot be serialized'
      throw new SessionError('serialize-failed', message, { cause })
    }
  }

  #deserialize(payload: Uint8Array): unknown {
    try {
      return this.#serializer.deserialize(payload)
    } catch {
      return undefined
    }
  }
}

/** Ids as they are, for stores without keys: 256 random bits need no signature. */
const plainIds: Codec = {
  encode: (_, id) => id as string,
  decode: (_, text) => text,
}

/** Throws a TypeError that names the promises that are missing and not allowed to be. */
function assertLimitations(backend: Backend, allowed: readonly Limitation[]): void {
  const missing = (backend.limitations ?? []).filter(limitation => !allowed.includes(limitation))
  if (missing.length === 0) return
  const list = missing.map(limitation => `'${limitation}'`).join(', ')
  throw new TypeError(
    `this backend cannot keep every promise; to use it all the same: allow: [${list}]`,
  )
}

/** A record opens only for the session and under the id that it was kept for. */
function recordName(name: string, id: string): string {
  return `${name} ${id}`
}

function ownerOf(session: Session<object>): string {
  return session.owner ?? ''
}

/** Puts what was merged in the place of what the request had, in the object that it holds. */
function replaceValues(target: object, values: object): void {
  if (target === values) return
  for (const key of Reflect.ownKeys(target)) Reflect.deleteProperty(target, key)
  Object.defineProperties(target, Object.getOwnPropertyDescriptors(values))
}

/** Longer after each try, and by chance, so that two who met do not meet again. */
function pause(tried: number): Promise<void> {
  const most = Math.min(2 ** tried, 64)
  return new Promise(resolve => setTimeout(resolve, Math.random() * most))
}
