/**
 * Sessions for TypeScript servers.
 *
 * @module
 */

// Stores
export { CookieStore, type CookieStoreOptions } from './cookie-store.ts'
export { FilesystemStore } from './filesystem-store.ts'
export {
  type Lifetime,
  ServerStore,
  type ServerStoreOptions,
  type SessionInfo,
} from './server-store.ts'
export type { CodecStoreOptions } from './codec-store.ts'

// Sessions of a request
export {
  type MergeableChanges,
  Session,
  type SessionState,
  type Values,
  type Reason,
  flashKey,
} from './session.ts'
export { Registry, registry, save } from './registry.ts'
export { type Options, defaultOptions } from './options.ts'

// Keys, codecs, serializers
export { Keyring, type KeyList, type ProviderOptions, keyring } from './codec/keyring.ts'
export type { SecretKey } from './codec/key-material.ts'
export { Sealed, type SealedOptions } from './codec/sealed.ts'
export { json } from './codec/serializers/json.ts'
export type { Serializer } from './codec/serializers/serializer.ts'

// Places that keep records
export type {
  Backend,
  CreateResult,
  Limitation,
  NewRecord,
  OperationOptions,
  OwnerIndex,
  Preparable,
  Prunable,
  StoredRecord,
  UpdateResult,
  Version,
} from './backend.ts'

// For custom stores and codecs
export type { Store } from './store.ts'
export {
  type Codec,
  type EncodeContext,
  type Opened,
  type Renewal,
  decodeMulti,
  encodeMulti,
} from './codec/codec.ts'
export type { Reader } from './migrate/reader.ts'
export { type RequestLike, readCookies } from './http/request.ts'
export {
  type HeadersLike,
  type NodeResponseLike,
  type ResponseLike,
  forbidCaching,
  setCookie,
  varyOnCookie,
} from './http/response.ts'
export { type Cookie, type CookieAttributes, newCookie } from './http/cookie.ts'

// Errors
export {
  CookieTooLargeError,
  type ErrorCode,
  type KeySize,
  MultiError,
  SessionError,
  errorCodes,
} from './errors.ts'
