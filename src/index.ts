/**
 * Sessions for TypeScript servers.
 *
 * @module
 */

// Stores
export { CookieStore, type CookieStoreOptions } from './stores/cookie-store.ts'
export { FilesystemStore } from './stores/filesystem-store.ts'
export {
  ServerStore,
  type ServerStoreOptions,
  type CountOptions,
  type SessionDetails,
  type SessionInfo,
} from './stores/server-store.ts'
export { type PubSub, localPubSub } from './backends/pubsub.ts'
export type { MaxPerOwner } from './stores/server/owner-limit.ts'
export type { DeviceOptions } from './stores/server/devices.ts'
export type { CodecStoreOptions, RequestOptions } from './stores/settings.ts'
export { type Lifetime, type FullLifetime, defaultLifetime, lifetimes } from './session/lifetime.ts'

// Sessions with a name and a type
export {
  type DefinableStore,
  type DefinitionOptions,
  type SchemaDefinitionOptions,
  type SessionDefinition,
  type SessionPolicy,
  defineSession,
} from './session/definition.ts'
export type { SchemaOutput, SchemaResult, StandardSchema } from './session/standard-schema.ts'

// Sessions of a request
export {
  type ExclusiveOptions,
  type MergeableChanges,
  Session,
  type Rotation,
  type SessionInit,
  type Values,
  type Reason,
} from './session/session.ts'
export type { Combine, ListItem, ListKey, NumberKey, SharedKey } from './session/typed-keys.ts'
export { Registry, aliasRequest, explain, registry, save } from './session/registry.ts'
export type { SessionOf, SessionSource } from './session/session-source.ts'
export {
  type FieldErrors,
  type FlashLevel,
  type FlashMessage,
  flash,
  flashKey,
} from './session/flash.ts'
export type { FormLike, InputOptions } from './session/form-fields.ts'
export { type OpenSession, type OpenSessionOptions, openSession } from './session/open-session.ts'
export { type Options, defaultOptions } from './http/cookie-options.ts'

// Keys, codecs, serializers
export { Keyring, type KeyList, type Keys, type ProviderOptions, keyring } from './codec/keyring.ts'
export type { SecretKey } from './codec/key-material.ts'
export { Sealed, type SealedOptions } from './codec/sealed.ts'
export { json } from './codec/serializers/json.ts'
export type { Serializer } from './codec/serializers/serializer.ts'

// Backends
export type {
  Backend,
  CreateResult,
  Limitation,
  Listable,
  NewRecord,
  OperationOptions,
  OwnerIndex,
  Page,
  PageOptions,
  Preparable,
  Prunable,
  StoredRecord,
  UpdateResult,
  Version,
} from './backends/backend.ts'

// For custom stores
export { SessionStore } from './stores/session-store.ts'
export type { SessionStoreOptions } from './stores/settings.ts'
export type {
  Draft,
  Loaded,
  Merged,
  Persistence,
  ReadContext,
  Rejected,
  Taken,
  Written,
} from './stores/persistence.ts'
export { encodeId } from './stores/persistence.ts'
export { CookiePersistence, type SizeLimit } from './stores/cookie/cookie-persistence.ts'
export { Revocable } from './stores/cookie/revocable.ts'
export { Spilling, type SpillingOptions } from './stores/cookie/spilling.ts'
export { type OpenedCookie, loadPayload, openCookie, rejectionOf } from './stores/open-cookie.ts'
export { storeOperation } from './lib/store-errors.ts'
export {
  clone,
  type MergeOptions,
  mergeDraft,
  mergeValues,
  payloadOf,
  type Sides,
  type Stored,
  type Swap,
  type Swapped,
  swapMerged,
} from './stores/merge-draft.ts'
export { isId, keyOf, newId } from './backends/ids.ts'
export { type SessionMetadata, decodeMetadata, encodeMetadata } from './session/metadata.ts'
export type { Defaults, Progress, Snapshot } from './session/snapshot.ts'
export type { MaybePromise } from './lib/maybe-promise.ts'

// Stores from scratch, and codecs
export type { Capability, ReadOptions, Store } from './session/store.ts'
export {
  type Codec,
  type EncodeContext,
  type Opened,
  type Renewal,
  decodeMulti,
  encodeMulti,
} from './codec/codec.ts'
export type { Reader } from './session/legacy-reader.ts'
export {
  type RequestLike,
  type RequestWithHeaders,
  type RequestWithJar,
  readCookies,
} from './http/request.ts'
export type { JarAttributes, ReadableJar, WritableJar } from './http/jar.ts'
export {
  type HeadersLike,
  type NodeResponseLike,
  type ReplyLike,
  type ResponseLike,
  type ResponseWithJar,
  forbidCaching,
  setCookie,
  varyOnCookie,
} from './http/response.ts'
export { type Cookie, type CookieAttributes, newCookie } from './http/cookie.ts'
export {
  type OriginRequest,
  type RequestOrigin,
  type Trust,
  type TrustAddress,
  type TrustProxy,
  requestOrigin,
} from './http/origin.ts'

// What happened
export type {
  EventSource,
  Hooks,
  Observer,
  RejectEvent,
  RevokeEvent,
  SaveEvent,
  SaveOutcome,
  SessionEvent,
  SessionReadEvent,
  StoreErrorEvent,
} from './session/events.ts'

// Errors
export {
  CookieTooLargeError,
  type ErrorCode,
  type KeySize,
  MultiError,
  RefusedError,
  SessionError,
  errorCodes,
} from './errors.ts'
