/**
 * Encoding of Go's `*big.Int`: one byte with the version (1) and the sign, then the big-endian magnitude.
 *
 * @module
 */

const positive = 2
const negative = 3

/** Decodes an integer. Returns undefined if the first byte is not that of a `*big.Int`. */
export function decodeBigInt(payload: Uint8Array): bigint | undefined {
  const head = payload[0]
  if (head !== positive && head !== negative) return undefined
  let digits = '0x0'
  for (let i = 1; i < payload.length; i++) digits += payload[i]!.toString(16).padStart(2, '0')
  const magnitude = BigInt(digits)
  return head === positive ? magnitude : -magnitude
}

export function encodeBigInt(value: bigint): Uint8Array {
  const magnitude = value < 0n ? -value : value
  const digits = magnitude === 0n ? '' : magnitude.toString(16)
  const length = Math.ceil(digits.length / 2)
  const padded = digits.padStart(2 * length, '0')
  const payload = new Uint8Array(length + 1)
  payload[0] = value < 0n ? negative : positive
  for (let i = 0; i < length; i++) {
    payload[i + 1] = Number.parseInt(padded.slice(2 * i, 2 * i + 2), 16)
  }
  return payload
}
