/**
 * A session with a name and a type, defined once and used across an application.
 *
 * @module
 */

import { isCookieName } from '../http/cookie.ts'
import { assertNoDeletion, type Options } from '../http/cookie-options.ts'
import type { RequestLike } from '../http/request.ts'
import { assertInteger, assertKnownOptions, assertOneOf } from '../lib/assert-options.ts'
import { describeKind } from '../lib/describe.ts'
import { chain, type MaybePromise } from '../lib/maybe-promise.ts'
import { dropExpiredKeys, keyLifetimesOf, recordKeys, stampChangedKeys } from './key-lifetimes.ts'
import { assertNoLongerThanAbsolute, type Lifetime } from './lifetime.ts'
import { registry } from './registry.ts'
import { applySchema, type Migrations } from './schema.ts'
import { Session } from './session.ts'
import type { SchemaOutput, StandardSchema } from './standard-schema.ts'
import type { Values } from './state.ts'
import type { ReadOptions, Store } from './store.ts'

/** Settings of a session, on top of those of its store. */
export interface DefinitionOptions<T extends object = Values> {
  /** Cookie attributes, on top of those of the store. Default: those of the store. */
  options?: Options
  /** How long it lives. Default: the store's option `lifetime`. */
  lifetime?: Lifetime
  /** Version of its values, from 1. Default 1. It is stored with them, for `migrations`. */
  version?: number
  /**
   * Functions that turn the values of the previous version into those of this one, by version:
   * `{ 2: ({ name, ...rest }) => ({ ...rest, user: { name } }) }`. Default: none.
   */
  migrations?: Migrations
  /** How long single keys last after their last change, in seconds: `{ code: 300 }`. Default: as long as the session. */
  keyLifetimes?: Partial<Record<keyof T & string, number>>
  /**
   * What to do with stored values that the schema rejects, or that a migration fails on: start an empty
   * session with the reason `schema` (`'reset'`, the default), or reject with `schema-mismatch` (`'throw'`).
   */
  onInvalid?: 'reset' | 'throw'
}

/** {@link DefinitionOptions} with a schema, from which the type of the values is inferred. */
export interface SchemaDefinitionOptions<Schema extends StandardSchema<object>>
  extends DefinitionOptions<SchemaOutput<Schema> & object> {
  /**
   * Any Standard Schema. It checks values when they are loaded and fills in defaults, and must accept its own
   * output. Keys that begin with `_`, such as `_flash`, are not shown to it.
   */
  schema: Schema
}

/** A session of one name, one store and one type. */
export interface SessionDefinition<T extends object = Values> {
  readonly store: Store
  readonly name: string
  /** The session of this request: `store.get` with the name and the type. Rejects as that does. */
  get(request: RequestLike, options?: ReadOptions): Promise<Session<T>>
  /** Like `get`, but returns the result itself if there is nothing to wait for. For adapters. */
  load(request: RequestLike, options?: ReadOptions): MaybePromise<Session<T>>
}

/** What a store needs to know about sessions of one name. */
export interface SessionPolicy {
  readonly options: Options
  readonly lifetime: Lifetime
  readonly version: number
  /**
   * Checks the values of a session that was read or started. `version` is the one that they were saved with.
   */
  load?(session: Session<object>, version: number, now: number): MaybePromise<void>
  /** Updates the values before they are written. */
  beforeSave?(session: Session<object>, now: number): void
}

/** A store whose sessions can be defined, as every `SessionStore`. */
export interface DefinableStore extends Store {
  /** Throws a TypeError for a name that is already defined. */
  define(name: string, policy: SessionPolicy): void
}

/**
 * Defines a session. From then on, the definition applies to its own `get` and to `store.get` with its name.
 *
 *     const login = defineSession(store, 'login', { schema: z.object({ userId: z.number().optional() }) })
 *     const session = await login.get(request)
 *
 * Without a schema nothing checks the values, so any key of the type `T` can be missing.
 *
 * Throws a TypeError or RangeError that names a wrong option, and a TypeError for a name that is already
 * defined.
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
): SessionDefinition<Partial<T>>
export function defineSession(
  store: Store,
  name: string,
  options: AnyOptions = {},
): SessionDefinition {
  if (typeof store?.get !== 'function') {
    throw new TypeError(
      `defineSession takes a store first, defineSession(store, 'login'), not ${describeKind(store)}`,
    )
  }
  if (typeof name !== 'string' || !isCookieName(name)) {
    const given = typeof name === 'string' ? JSON.stringify(name) : describeKind(name)
    throw new TypeError(`the name of a session must be a cookie name, not ${given}`)
  }
  assertKnownOptions('defineSession', options, known)
  if (isDefinable(store)) store.define(name, policyOf(name, options))
  else if (Object.keys(options).length > 0) {
    throw new TypeError('this store has no define(), which the options of a definition need')
  }
  return {
    store,
    name,
    get: (request, reading) => store.get(request, name, reading),
    load: (request, reading) => registry(request).load(store, name, reading),
  }
}

type AnyOptions = DefinitionOptions & { schema?: StandardSchema<object> }

const known = [
  'options',
  'lifetime',
  'version',
  'migrations',
  'keyLifetimes',
  'onInvalid',
  'schema',
] as const satisfies (keyof AnyOptions)[]

function isDefinable(store: Store): store is DefinableStore {
  return 'define' in store && typeof store.define === 'function'
}

function policyOf(name: string, options: AnyOptions): SessionPolicy {
  const { schema, migrations, lifetime = {} } = options
  const version = assertInteger('version', options.version ?? 1)
  const onInvalid = assertOneOf('onInvalid', options.onInvalid ?? 'reset', ['reset', 'throw'])
  if (schema !== undefined && typeof Object(schema)['~standard']?.validate !== 'function') {
    throw new TypeError(`schema must be a Standard Schema, not ${describeKind(schema)}`)
  }
  const policy = { options: options.options ?? {}, lifetime, version }
  assertNoDeletion(policy.options)
  assertNoLongerThanAbsolute(lifetime, policy.options.maxAge)
  const shape = { name, version, schema, migrations: migrations ?? {}, onInvalid }
  const times =
    options.keyLifetimes && keyLifetimesOf(options.keyLifetimes as Record<string, number>)
  if (!schema && !migrations && !times) return policy
  return {
    ...policy,
    load(session, stored, now) {
      const state = Session.stateOf(session)
      if (times) dropExpiredKeys(state, times, now)
      return chain(applySchema(state, stored, shape), () => times && recordKeys(state, times))
    },
    ...(times && {
      beforeSave: (session, now) => stampChangedKeys(Session.stateOf(session), times, now),
    }),
  }
}
