/**
 * Decoder and encoder for Go's encoding/gob, as far as sessions need it.
 *
 * @module
 */

export { type Keyed, keyed } from '../../codec/non-string-keys.ts'
export { decode } from './decode.ts'
export { type EncodeOptions, encode } from './encode.ts'
export { go } from './go.ts'
export type { DecodeLimits } from './limits.ts'
export type { OpaqueEncoding } from './types.ts'
export { GoComplex, GoOpaque, GoString, GoValue } from './values.ts'
