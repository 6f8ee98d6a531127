/**
 * Sessions for TypeScript servers.
 *
 * @module
 */

// Places that keep records
export type {
  Backend,
  CreateResult,
  OperationOptions,
  StoredRecord,
  UpdateResult,
  Version,
} from './backend.ts'
export { type Codec, decodeMulti, encodeMulti, type Opened } from './codec/codec.ts'
export type { SecretKey } from './codec/key-material.ts'

// Keys and codecs
export { type KeyList, Keyring } from './codec/keyring.ts'
export { Sealed, type SealedOptions } from './codec/sealed.ts'
export { json } from './codec/serializers/json.ts'
export type { Serializer } from './codec/serializers/serializer.ts'
export type { CodecStoreOptions } from './codec-store.ts'
// Stores
export { CookieStore, type CookieStoreOptions } from './cookie-store.ts'
// Errors
export { type ErrorCode, errorCodes, MultiError, SessionError } from './errors.ts'
export { FilesystemStore } from './filesystem-store.ts'
export { type Cookie, type CookieAttributes, newCookie } from './http/cookie.ts'
export { type RequestLike, readCookies } from './http/request.ts'
export {
  forbidCaching,
  type HeadersLike,
  type NodeResponseLike,
  type ResponseLike,
  setCookie,
  varyOnCookie,
} from './http/response.ts'
// Sessions of other libraries
export type { Reader } from './migrate/reader.ts'
export { defaultOptions, type Options } from './options.ts'
export { Registry, registry, save } from './registry.ts'
// Sessions of a request
export { flashKey, type Reason, Session, type SessionState, type Values } from './session.ts'

// For custom stores and codecs
export type { Store } from './store.ts'
