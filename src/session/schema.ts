/**
 * Checking and migrating the values of a defined session.
 *
 * @module
 */

import { type Keyed, keyed } from '../codec/non-string-keys.ts'
import { SessionError } from '../errors.ts'
import { chain, isPromise, type MaybePromise } from '../lib/maybe-promise.ts'
import { setOwn } from '../lib/plain-object.ts'
import { isReserved } from './reserved-keys.ts'
import type { StandardSchema } from './standard-schema.ts'
import type { State, Values } from './state.ts'

/** Turns the values of the previous version into those of a version, by version. */
export type Migrations = Readonly<Record<number, (values: Values) => Values>>

/** What the values of a session must look like. */
export interface ValuesSchema {
  readonly name: string
  readonly version: number
  readonly schema: StandardSchema<object> | undefined
  readonly migrations: Migrations
  readonly onInvalid: 'reset' | 'throw'
}

/**
 * Migrates and checks the values of a session, in place. Throws or rejects with `schema-mismatch`, or resets
 * the session with the reason `schema`, when they do not fit. Keys that the schema does not know are kept:
 * another release of the application may have stored them.
 *
 * @param stored - the version that the values were saved with. Values of a higher version that do not fit are
 *   left as they are
 */
export function applySchema(
  state: State<object>,
  stored: number,
  schema: ValuesSchema,
): MaybePromise<void> {
  const values = state.values as Values
  const isNew = state.reason !== undefined
  return chain(fit(values, isNew ? undefined : stored, schema), fitting => {
    if (fitting) {
      become(values, fitting)
      return undefined
    }
    if (isNew || stored > schema.version) return undefined
    if (schema.onInvalid === 'throw') {
      throw new SessionError(
        'schema-mismatch',
        `session "${schema.name}": the stored values do not match its schema`,
      )
    }
    return chain(fit({}, undefined, schema), fresh => {
      become(values, fresh ?? {})
      state.reason ??= 'schema'
    })
  })
}

/** The values as the schema returns them; undefined if it rejects them, or if a migration throws. */
function fit(
  values: Values,
  stored: number | undefined,
  schema: ValuesSchema,
): MaybePromise<Values | undefined> {
  const entries = Object.entries(values)
  const own = Object.fromEntries(entries.filter(([key]) => !isReserved(key)))
  const migrated = stored === undefined ? own : migrate(own, stored, schema)
  if (!migrated) return undefined
  return chain(validate(migrated, schema.schema), fitting => {
    if (fitting) return whole(values, migrated, fitting)
    if (stored === undefined) return undefined
    return chain(withoutUnknownKeys(migrated, schema.schema), known =>
      known ? whole(values, migrated, known) : undefined,
    )
  })
}

/** What the schema returned, and what it was not shown or did not return, in the order of the stored keys. */
function whole(values: Values, migrated: Values, fitting: Values): Values {
  const result: Values & Keyed = {}
  const reserved = Object.entries(values).filter(([key]) => isReserved(key))
  for (const [key, value] of [...Object.entries(migrated), ...reserved]) {
    setOwn(result, key, Object.hasOwn(fitting, key) ? fitting[key] : value)
  }
  for (const [key, value] of Object.entries(fitting)) {
    if (!Object.hasOwn(result, key)) setOwn(result, key, value)
  }
  const others = (values as Keyed)[keyed]
  if (others) result[keyed] = others
  return result
}

/** Keys beyond this number are not tried one by one. */
const maxUnknownKeys = 50

/**
 * What a strict schema returns for the values without the keys that it does not know; undefined if it rejects
 * them for another reason. Such a schema reports unknown keys for the object as a whole, without a path, and
 * rejects even `undefined` under them.
 */
async function withoutUnknownKeys(
  values: Values,
  schema: StandardSchema<object> | undefined,
): Promise<Values | undefined> {
  const keys = Object.keys(values)
  if (!schema || keys.length > maxUnknownKeys) return undefined
  const issuesOf = async (tried: Values): Promise<readonly unknown[]> =>
    (await schema['~standard'].validate(tried)).issues ?? []
  try {
    if (!(await issuesOf(values)).every(hasNoPath)) return undefined
    const known = { ...values }
    for (const key of keys) {
      const { [key]: _, ...others } = known
      if ((await issuesOf({ [key]: undefined })).some(hasNoPath)) delete known[key]
      else if ((await issuesOf(others)).length === 0) break
    }
    return await validate(known, schema)
  } catch {
    return undefined
  }
}

function hasNoPath(issue: unknown): boolean {
  const { path } = Object(issue) as { path?: readonly unknown[] }
  return !path || path.length === 0
}

function migrate(
  values: Values,
  stored: number,
  { version, migrations }: ValuesSchema,
): Values | undefined {
  try {
    let migrated = values
    for (let next = stored + 1; next <= version; next++) {
      migrated = migrations[next]?.(migrated) ?? migrated
    }
    return migrated
  } catch {
    // The message could quote the values.
    return undefined
  }
}

function validate(
  values: Values,
  schema: StandardSchema<object> | undefined,
): MaybePromise<Values | undefined> {
  if (!schema) return values
  try {
    const result = schema['~standard'].validate(values)
    if (!isPromise(result)) return result.issues ? undefined : (result.value as Values)
    return result.then(
      later => (later.issues ? undefined : (later.value as Values)),
      () => undefined,
    )
  } catch {
    return undefined
  }
}

/** Makes `target` hold what `values` holds. Equal values stay in place, with the Go types they came with. */
function become(target: object, values: object): void {
  if (target === values) return
  for (const key of Reflect.ownKeys(target)) {
    if (!Object.hasOwn(values, key)) Reflect.deleteProperty(target, key)
  }
  for (const key of Reflect.ownKeys(values)) {
    const value: unknown = Reflect.get(values, key)
    if (Object.hasOwn(target, key) && Reflect.get(target, key) === value) continue
    setOwn(target, key, value)
  }
}
