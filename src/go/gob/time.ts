/**
 * The bytes of Go's `time.Time`.
 *
 * A version byte, seconds since the year 1 (64 bits), nanoseconds (32 bits), and the zone's offset
 * in minutes (16 bits, -1 for UTC), big-endian. Version 2 adds a byte with the offset's seconds.
 *
 * @module
 */

const secondsToUnix = 62_135_596_800n
const utcOffset = -1
const maxMilliseconds = 8_640_000_000_000_000

/** The milliseconds of a payload; undefined if it is no time, or one that a Date cannot hold. */
export function millisecondsOfTime(payload: Uint8Array): number | undefined {
  const length = payload[0] === 1 ? 15 : payload[0] === 2 ? 16 : -1
  if (payload.length !== length) return undefined
  const view = viewOf(payload)
  const nanoseconds = view.getUint32(9)
  if (nanoseconds > 999_999_999) return undefined
  const seconds = Number(view.getBigInt64(1) - secondsToUnix)
  const milliseconds = seconds * 1000 + Math.floor(nanoseconds / 1_000_000)
  return Math.abs(milliseconds) <= maxMilliseconds ? milliseconds : undefined
}

/** The payload of a time in UTC, or in the zone of `offsetMinutes`. */
export function timePayload(
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

/** The payload of another time in the zone of `payload`. */
export function timePayloadInZone(payload: Uint8Array, milliseconds: number): Uint8Array {
  const moved = payload.slice()
  moved.set(timePayload(milliseconds).subarray(1, 13), 1)
  return moved
}

function viewOf(payload: Uint8Array): DataView {
  return new DataView(payload.buffer, payload.byteOffset, payload.byteLength)
}
