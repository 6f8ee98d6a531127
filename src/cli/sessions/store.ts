/**
 * The arguments of the commands for sessions, and the store that they open.
 *
 * @module
 */

import type { AnyBackend } from '../../backends/lib/extras.ts'
import { json } from '../../codec/serializers/json.ts'
import { plainJson } from '../../codec/serializers/plain-json.ts'
import type { Serializer } from '../../codec/serializers/serializer.ts'
import { ServerStore } from '../../stores/server-store.ts'
import type { Connection } from '../backends/connection.ts'
import { withConnection } from '../backends/open.ts'
import { StoreUrl } from '../backends/url.ts'
import type { Context } from '../lib/command.ts'
import { echo } from '../lib/echo.ts'
import { FailedError, UsageError } from '../lib/exit-codes.ts'
import { type KeyArgs, keyArgs, requireKeys, storeKeys } from '../lib/keys.ts'

/** The variable that holds the URL unless an argument says otherwise. */
const defaultVariable = 'SESSION_STORE_URL'

/** The argument with the URL of the store. */
export const urlArg = {
  url: {
    type: 'positional',
    required: false,
    description: `The store, such as redis://localhost:6379 (default: the variable ${defaultVariable})`,
  },
} as const

/** The argument with the handle of a session. */
export const handleArg = {
  handle: {
    type: 'positional',
    required: true,
    description: 'The handle of the session or its first characters, as printed by sessions list',
  },
} as const

/** The argument that replaces the URL. */
export const urlEnvArg = {
  'url-env': {
    type: 'string',
    valueHint: 'NAME',
    description: 'The environment variable with the URL, so that its password is not visible in ps',
  },
} as const

/** The arguments of every command for sessions. */
export const storeArgs = {
  ...urlEnvArg,
  encrypted: {
    type: 'boolean',
    description: 'The store has the option encrypt: decrypt its records with the keys',
  },
  ...keyArgs,
} as const

/** Values of {@link urlArg} and {@link storeArgs}. */
export interface StoreArgs extends KeyArgs {
  readonly url?: string | undefined
  readonly 'url-env'?: string | undefined
  readonly encrypted?: boolean | undefined
}

/** A store that is open, and what it is made of. */
export interface OpenStore {
  readonly url: StoreUrl
  readonly backend: AnyBackend
  readonly connection: Connection
  readonly store: ServerStore
  /** Returns a store over another backend, with the same keys. */
  storeOver(backend: AnyBackend): ServerStore
}

/** Returns the URL of the arguments or the environment. Throws a UsageError without one. */
export function storeUrlOf(args: StoreArgs, { env }: Pick<Context, 'env'>): StoreUrl {
  const { url, 'url-env': variable } = args
  if (url !== undefined && variable !== undefined) {
    throw new UsageError('Pass a URL or --url-env, not both.')
  }
  const text = url ?? env[variable ?? defaultVariable]
  if (text) return StoreUrl.parse(text)
  throw new UsageError(
    variable === undefined
      ? `No store is given. Pass its URL, such as redis://localhost:6379, or set ${defaultVariable}.`
      : `--url-env: the variable ${echo(variable)} is not set.`,
  )
}

/**
 * Opens the store of the arguments, calls `use` and closes the store. Rejects with a UsageError for wrong arguments,
 * and with a FailedError when the store fails.
 */
export async function withStore<T>(
  args: StoreArgs & { readonly serializer?: string | undefined },
  context: Context,
  use: (store: OpenStore) => Promise<T>,
): Promise<T> {
  const url = storeUrlOf(args, context)
  const keys = args.encrypted ? storeKeys(await requireKeys(args, context)) : undefined
  const serializer = await serializerOf(args.serializer)
  const label = await deviceLabelOf()
  const { cwd, signal } = context
  return withConnection(url, { cwd, signal, mayCreate: false }, connection => {
    const { pubsub, backend } = connection
    const storeOver = (over: AnyBackend) =>
      new ServerStore(over, {
        ...(keys && { keys, encrypt: true }),
        ...(pubsub && { pubsub }),
        serializer,
        devices: { label },
        acceptLimitations: over.limitations ?? [],
        maxRecordBytes: 2 ** 30,
      })
    return use({ url, connection, backend, store: storeOver(backend), storeOver })
  })
}

/** Throws a FailedError unless the backend can list its records. */
export function assertListable({ url, backend }: OpenStore, doing: string): void {
  if (backend.all) return
  const byOwner =
    'store the ids of sessions that you may need to end in your own database, or use another backend'
  throw new FailedError(
    `${url.label}: ${doing} needs a list of the sessions, and memcached cannot list its keys; ${byOwner}. ` +
      'revoke-everything works.',
  )
}

/** Throws a FailedError unless the backend can find the sessions of an owner. */
export function assertOwnerIndex({ url, backend }: OpenStore): void {
  if (backend.ofOwner) return
  const fix =
    url.kind === 'dynamodb'
      ? 'name the index of the table in the URL: ?ownerIndex=owners'
      : 'memcached cannot list its keys. revoke-everything works'
  throw new FailedError(`${url.label}: sessions of an owner need an owner index; ${fix}.`)
}

/** The argument with the serializer of the store. */
export const serializerArg: {
  serializer: { type: 'enum'; options: string[]; default: string; description: string }
} = {
  serializer: {
    type: 'enum',
    options: ['json', 'plain-json', 'deflated', 'gob'],
    default: 'json',
    description: 'The serializer of the store',
  },
}

async function serializerOf(name: string | undefined): Promise<Serializer> {
  if (name === 'gob') return (await import('../../go/securecookie.ts')).gob
  if (name === 'deflated') return (await import('../../codec/serializers/deflated.ts')).deflated()
  return name === 'plain-json' ? plainJson : json
}

/** Names devices by their user agents, if the package that knows them is installed. */
async function deviceLabelOf(): Promise<(userAgent: string) => string | undefined> {
  try {
    return (await import('../../stores/devices.ts')).deviceLabel
  } catch {
    return userAgent => userAgent
  }
}
