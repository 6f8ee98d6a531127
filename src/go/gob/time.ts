/**
 * Encoding of Go's `time.Time`.
 *
 * A version byte, seconds since the year 1 (64 bits), nanoseconds (32 bits), and the offset of the zone
 * in minutes (16 bits, -1 for UTC), big-endian. Version 2 adds a byte with the seconds of the offset.
 *
 * @module
 */

const secondsToUnix = 62_135_596_800n
const utcOffset = -1
const maxMilliseconds = 8_640_000_000_000_000

/** Whether Go can decode the payload: whether it has a known version, and the length of that version. */
export function isTime(payload: Uint8Array): boolean {
  return payload.length === (payload[0] === 1 ? 15 : payload[0] === 2 ? 16 : -1)
}

/** Returns the Unix time in milliseconds, or undefined if it is invalid or outside the range of Date. */
export function decodeTime(payload: Uint8Array): number | undefined {
  if (!isTime(payload)) return undefined
  const view = viewOf(payload)
  const nanoseconds = view.getUint32(9)
  if (nanoseconds > 999_999_999) return undefined
  const seconds = Number(view.getBigInt64(1) - secondsToUnix)
  const milliseconds = seconds * 1000 + Math.floor(nanoseconds / 1_000_000)
  return Math.abs(milliseconds) <= maxMilliseconds ? milliseconds : undefined
}

/** Encodes a time in UTC, or in the zone with the offset `offsetMinutes`. */
export function encodeTime(
  milliseconds: number,
  offsetMinutes: number = utcOffset,
  nanoseconds: number = (milliseconds - Math.floor(milliseconds / 1000) * 1000) * 1_000_000,
): Uint8Array {
  const payload = new Uint8Array(15)
  const view = viewOf(payload)
  payload[0] = 1
  view.setBigInt64(1, BigInt(Math.floor(milliseconds / 1000)) + secondsToUnix)
  view.setUint32(9, nanoseconds)
  view.setInt16(13, offsetMinutes)
  return payload
}

/** Encodes another time in the zone of `payload`. */
export function encodeTimeInZone(payload: Uint8Array, milliseconds: number): Uint8Array {
  const changed = payload.slice()
  changed.set(encodeTime(milliseconds).subarray(1, 13), 1)
  return changed
}

function viewOf(payload: Uint8Array): DataView {
  return new DataView(payload.buffer, payload.byteOffset, payload.byteLength)
}
