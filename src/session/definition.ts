/**
 * A session with a name and a type, defined once and used across an application.
 *
 * @module
 */

import { latin1Text } from '#bytes'
import { type Keyed, keyed } from '../codec/non-string-keys.ts'
import { json } from '../codec/serializers/json.ts'
import { SessionError } from '../errors.ts'
import { isCookieName } from '../http/cookie.ts'
import type { Options } from '../http/cookie-options.ts'
import type { RequestLike } from '../http/request.ts'
import { assertInteger } from '../lib/assert-options.ts'
import { clockSkew } from '../lib/clock.ts'
import { describeKind } from '../lib/describe.ts'
import { sideTable } from '../lib/side-table.ts'
import type { Lifetime } from './lifetime.ts'
import { Session, type Values } from './session.ts'
import type { SchemaOutput, StandardSchema } from './standard-schema.ts'
import type { ReadOptions, Store } from './store.ts'

/** What a definition says of its session, on top of what its store says. */
export interface DefinitionOptions<T extends object = Values> {
  /** Cookie attributes. */
  options?: Options
  /** How long it lives. */
  lifetime?: Lifetime
  /** Version of its values, from 1. Default 1. Saved with them, for `migrations`. */
  version?: number
  /**
   * What turns the values of the version before into those of this one, by version:
   * `{ 2: ({ name, ...rest }) => ({ ...rest, user: { name } }) }`.
   */
  migrations?: Readonly<Record<number, (values: Values) => Values>>
  /** How long single keys last after they last changed, in seconds: `{ code: 300 }`. */
  keyLifetimes?: Partial<Record<keyof T & string, number>>
  /**
   * What to do with kept values that the schema refuses, or that a migration throws at: begin anew
   * with the reason `schema` (`'reset'`, the default), or reject with `schema-mismatch` (`'throw'`).
   */
  onInvalid?: 'reset' | 'throw'
}

/** A {@link DefinitionOptions} with a schema, which is where the type of the values comes from. */
export interface SchemaDefinitionOptions<Schema extends StandardSchema<object>>
  extends DefinitionOptions<SchemaOutput<Schema> & object> {
  /**
   * Any Standard Schema. It checks values when they are loaded, fills in defaults, and has to accept
   * what it answers. Keys that begin with `_` (`_flash` and the like) are not shown to it.
   */
  schema: Schema
}

/** A session of one name, one store and one type. */
export interface SessionDefinition<T extends object = Values> {
  readonly store: Store
  readonly name: string
  /** The session of this request: `store.get` with the name and the type. Rejects as that does. */
  get(request: RequestLike, options?: ReadOptions): Promise<Session<T>>
}

/** What a store has to know of sessions of one name. */
export interface SessionPolicy {
  readonly options: Options
  readonly lifetime: Lifetime
  readonly version: number
  /** Checks the values of a session that was read, or begun. */
  load?(session: Session<object>, version: number, now: number): Promise<void>
  /** Notes what has to be noted before the values are written. */
  beforeSave?(session: Session<object>, now: number): void
}

/** A store whose sessions can be defined. Those of this library can. */
export interface DefinableStore extends Store {
  /** Throws a TypeError for a name that was defined before. */
  define(name: string, policy: SessionPolicy): void
}

/**
 * Defines a session. `get` of the definition, and `store.get` with its name, follow it from here on.
 *
 *     const login = defineSession(store, 'login', { schema: z.object({ userId: z.number().optional() }) })
 *     const session = await login.get(request)
 *
 * Throws TypeError or RangeError for a wrong option, naming it, and for a name that is defined already.
 */
export function defineSession<Schema extends StandardSchema<object>>(
  store: Store,
  name: string,
  options: SchemaDefinitionOptions<Schema>,
): SessionDefinition<SchemaOutput<Schema> & object>
export function defineSession<T extends object = Values>(
  store: Store,
  name: string,
  options?: DefinitionOptions<T>,
): SessionDefinition<T>
export function defineSession(
  store: Store,
  name: string,
  options: DefinitionOptions & { schema?: StandardSchema<object> } = {},
): SessionDefinition {
  if (!isCookieName(name)) {
    throw new TypeError(`the name of a session must be a cookie name, not ${JSON.stringify(name)}`)
  }
  if (isDefinable(store)) store.define(name, policyOf(name, options))
  else if (Object.keys(options).length > 0) {
    throw new TypeError('this store has no define(), which the options of a definition need')
  }
  return { store, name, get: (request, reading) => store.get(request, name, reading) }
}

function isDefinable(store: Store): store is DefinableStore {
  return 'define' in store && typeof store.define === 'function'
}

type AnyOptions = DefinitionOptions & { schema?: StandardSchema<object> }

function policyOf(name: string, options: AnyOptions): SessionPolicy {
  const { keyLifetimes, schema, migrations, onInvalid = 'reset' } = options
  const version = assertInteger('version', options.version ?? 1)
  if (!['reset', 'throw'].includes(onInvalid)) {
    throw new TypeError(`onInvalid must be 'reset' or 'throw', not ${describeKind(onInvalid)}`)
  }
  if (schema !== undefined && typeof Object(schema)['~standard']?.validate !== 'function') {
    throw new TypeError(`schema must be a Standard Schema, not ${describeKind(schema)}`)
  }
  const shape = new Shape(name, version, { schema, migrations, onInvalid })
  const times = keyLifetimes && new KeyTimes(keyLifetimes as Record<string, number>)
  return {
    options: options.options ?? {},
    lifetime: options.lifetime ?? {},
    version,
    ...((schema || migrations || times) && {
      async load(session, stored, now) {
        times?.drop(session, now)
        await shape.load(session, stored)
        times?.remember(session)
      },
    }),
    ...(times && { beforeSave: (session, now) => times.stamp(session, now) }),
  }
}

/** What values of a session have to look like. */
class Shape {
  readonly #name: string
  readonly #version: number
  readonly #schema: StandardSchema<object> | undefined
  readonly #migrations: Readonly<Record<number, (values: Values) => Values>>
  readonly #onInvalid: 'reset' | 'throw'

  constructor(
    name: string,
    version: number,
    options: {
      schema: StandardSchema<object> | undefined
      migrations: AnyOptions['migrations'] | undefined
      onInvalid: 'reset' | 'throw'
    },
  ) {
    this.#name = name
    this.#version = version
    this.#schema = options.schema
    this.#migrations = options.migrations ?? {}
    this.#onInvalid = options.onInvalid
  }

  async load(session: Session<object>, stored: number): Promise<void> {
    const fitting = await this.#fit(session.values as Values, session.isNew ? undefined : stored)
    if (fitting) {
      Session.replace(session, fitting)
      return
    }
    if (session.isNew) return
    if (this.#onInvalid === 'throw') {
      throw new SessionError(
        'schema-mismatch',
        `session "${this.#name}": what is kept does not fit its schema`,
      )
    }
    Session.replace(session, (await this.#fit({}, undefined)) ?? {}, 'schema')
  }

  /** The values as the schema answers them; undefined when it refuses. `stored`: none for new ones. */
  async #fit(values: Values, stored: number | undefined): Promise<Values | undefined> {
    const reserved = Object.entries(values).filter(([key]) => key.startsWith('_'))
    const own = Object.fromEntries(Object.entries(values).filter(([key]) => !key.startsWith('_')))
    const migrated = stored === undefined ? own : this.#migrate(own, stored)
    const fitting = migrated && (await this.#validate(migrated))
    if (!fitting) return undefined
    const others = (values as Keyed)[keyed]
    const whole: Values & Keyed = Object.fromEntries([...Object.entries(fitting), ...reserved])
    return others ? Object.assign(whole, { [keyed]: others }) : whole
  }

  #migrate(values: Values, stored: number): Values | undefined {
    try {
      let migrated = values
      for (let version = stored + 1; version <= this.#version; version++) {
        migrated = this.#migrations[version]?.(migrated) ?? migrated
      }
      return migrated
    } catch {
      // Its message could quote the values.
      return undefined
    }
  }

  async #validate(values: Values): Promise<Values | undefined> {
    if (!this.#schema) return values
    try {
      const result = await this.#schema['~standard'].validate(values)
      return result.issues ? undefined : (result.value as Values)
    } catch {
      return undefined
    }
  }
}

/** Where the moments are kept at which keys stop to count: a key of the values, merged key by key. */
export const expiresKey = '_expires'

/** A value as text, and when it stops to count. */
interface Stamped {
  readonly text: string | undefined
  readonly moment: number | undefined
}

/** Keys that last for a time of their own. */
class KeyTimes {
  readonly #seconds: ReadonlyMap<string, number>
  readonly #known = sideTable<Map<string, Stamped>>()

  constructor(keyLifetimes: Record<string, number>) {
    const entries = Object.entries(keyLifetimes)
    for (const [key, seconds] of entries) assertInteger(`keyLifetimes.${key}`, seconds)
    this.#seconds = new Map(entries)
  }

  /** Drops the keys whose time has come. One that lies too far ahead came of a clock that was wrong. */
  drop(session: Session<object>, now: number): void {
    const moments = momentsOf(session.values as Values)
    for (const [key, seconds] of this.#seconds) {
      const moment = moments[key]
      if (moment === undefined || (moment > now && moment <= now + seconds + clockSkew)) continue
      Session.expire(session, key)
    }
  }

  /** Notes the keys as they are, to tell later which of them changed. */
  remember(session: Session<object>): void {
    const values = session.values as Values
    const moments = momentsOf(values)
    const known = new Map<string, Stamped>()
    for (const key of this.#seconds.keys()) {
      known.set(key, { text: textOf(values, key), moment: moments[key] })
    }
    this.#known.set(session, known)
  }

  /** Gives the keys that changed since a moment of their own. */
  stamp(session: Session<object>, now: number): void {
    const values = session.values as Values
    const known = this.#known.get(session)
    const moments: Record<string, number> = {}
    for (const [key, seconds] of this.#seconds) {
      if (!Object.hasOwn(values, key)) continue
      const before = known?.get(key)
      const isSame = before !== undefined && textOf(values, key) === before.text
      moments[key] = (isSame ? before.moment : undefined) ?? now + seconds
    }
    if (Object.keys(moments).length > 0) values[expiresKey] = moments
    else delete values[expiresKey]
    this.remember(session)
  }
}

function momentsOf(values: Values): Record<string, number> {
  const moments = Object.hasOwn(values, expiresKey) ? values[expiresKey] : undefined
  return typeof moments === 'object' && moments !== null ? (moments as Record<string, number>) : {}
}

/** A value as text, to compare; undefined for none, and for what cannot be written. */
function textOf(values: Values, key: string): string | undefined {
  if (!Object.hasOwn(values, key)) return undefined
  try {
    const bytes = json.serialize({ value: values[key] })
    return latin1Text(bytes, 0, bytes.length)
  } catch {
    return undefined
  }
}
