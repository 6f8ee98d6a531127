/**
 * A cursor over the bytes of a stream, which decodes gob's primitive values.
 *
 * @module
 */

import { SessionError } from '../../errors.ts'

/** The error for an invalid stream. The message must not contain data from the stream. */
export function invalid(message: string, cause?: unknown): SessionError {
  return new SessionError('gob-invalid', `gob: ${message}`, cause === undefined ? {} : { cause })
}

// As in Go, a byte order mark is part of the text.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

const double = new DataView(new ArrayBuffer(8))

const maxNameLength = 24

/** A cache of property names, by hash. Reusing the same string makes property access faster. */
const names: ({ readonly text: string; readonly bytes: Uint8Array } | undefined)[] = new Array(512)

export class Reader {
  readonly bytes: Uint8Array
  position = 0
  /** The end of the current message. */
  end = 0

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  /** Starts the next message. The current one must have been read completely. */
  nextMessage(): void {
    this.end = this.bytes.length
    const length = this.uint()
    this.need(length)
    this.end = this.position + length
  }

  private need(length: number): void {
    if (length > this.end - this.position) throw invalid('unexpected end of the stream')
  }

  /** Reads a count of values, each of which takes at least one byte of this or a later message. */
  count(): number {
    const count = this.uint()
    if (count > this.bytes.length - this.position) throw invalid('a count exceeds the input')
    return count
  }

  /** Reads a length in bytes. That many bytes must be left in the current message. */
  length(): number {
    const length = this.uint()
    this.need(length)
    return length
  }

  /** Reads a length, count or field delta. Returns Infinity if it is not a safe integer. */
  uint(): number {
    if (this.position >= this.end) throw invalid('unexpected end of the stream')
    const first = this.bytes[this.position]!
    if (first < 0x80) {
      this.position++
      return first
    }
    const value = this.longUint()
    return typeof value === 'number' ? value : Number.POSITIVE_INFINITY
  }

  /** Reads a type id. */
  id(): number {
    const value = this.int()
    if (typeof value === 'number') return value
    throw invalid('a type id is out of range')
  }

  /** Reads a signed integer: a number if it is a safe integer, else a bigint. */
  int(): number | bigint {
    const value = this.unsigned()
    if (typeof value === 'number') {
      return value % 2 === 0 ? value / 2 : -(value + 1) / 2
    }
    return numberIfSafe((value & 1n) === 0n ? value >> 1n : ~(value >> 1n))
  }

  /** Reads an unsigned integer: a number if it is a safe integer, else a bigint. */
  unsigned(): number | bigint {
    if (this.position >= this.end) throw invalid('unexpected end of the stream')
    const first = this.bytes[this.position]!
    if (first >= 0x80) return this.longUint()
    this.position++
    return first
  }

  /** The negated number of bytes, then the big-endian bytes. Like Go, this accepts leading zeros. */
  private longUint(): number | bigint {
    const size = this.longSize()
    const start = this.position
    this.position += size
    if (size <= 6) {
      let value = 0
      for (let i = start; i < this.position; i++) value = value * 256 + this.bytes[i]!
      return value
    }
    let value = 0n
    for (let i = start; i < this.position; i++) value = (value << 8n) | BigInt(this.bytes[i]!)
    return numberIfSafe(value)
  }

  private longSize(): number {
    const size = 256 - this.bytes[this.position]!
    if (size > 8) throw invalid('an integer has more than 8 bytes')
    this.position++
    this.need(size)
    return size
  }

  bool(): boolean {
    return this.unsigned() !== 0
  }

  /** gob reverses the bytes of a double, so that the zeros of a short fraction need not be sent. */
  float(): number {
    if (this.position >= this.end) throw invalid('unexpected end of the stream')
    double.setFloat64(0, 0)
    const first = this.bytes[this.position]!
    if (first < 0x80) {
      this.position++
      double.setUint8(7, first)
    } else {
      const size = this.longSize()
      for (let i = 8 - size; i < 8; i++) double.setUint8(i, this.bytes[this.position++]!)
    }
    return double.getFloat64(0, true)
  }

  /** Reads `length` bytes as text. Returns undefined, without advancing, if they are not valid UTF-8. */
  text(length: number): string | undefined {
    const { bytes, position } = this
    const text = length <= 20 ? ascii(bytes, position, position + length) : undefined
    if (text !== undefined) {
      this.position += length
      return text
    }
    try {
      const text = utf8.decode(bytes.subarray(position, position + length))
      this.position += length
      return text
    } catch {
      return undefined
    }
  }

  /** Like {@link text}, but caches short names. */
  name(length: number): string | undefined {
    if (length > maxNameLength) return this.text(length)
    const { bytes, position } = this
    let hash = length
    for (let i = position; i < position + length; i++) hash = (hash * 31 + bytes[i]!) | 0
    const slot = hash & (names.length - 1)
    const known = names[slot]
    if (
      known !== undefined &&
      known.bytes.length === length &&
      isAt(bytes, position, known.bytes)
    ) {
      this.position += length
      return known.text
    }
    const text = this.text(length)
    if (text !== undefined) names[slot] = { text, bytes: bytes.slice(position, this.position) }
    return text
  }

  /** Whether the current message continues with `head` and then the byte `next`. */
  isAt(head: Uint8Array, next: number): boolean {
    const after = this.position + head.length
    return after < this.end && this.bytes[after] === next && isAt(this.bytes, this.position, head)
  }

  /** Reads a copy of the next `length` bytes. */
  copy(length: number): Uint8Array {
    const start = this.position
    this.position += length
    return this.bytes.slice(start, this.position)
  }
}

/** Whether `bytes` contains `part` at the index `at`. */
export function isAt(bytes: Uint8Array, at: number, part: Uint8Array): boolean {
  for (let i = 0; i < part.length; i++) if (bytes[at + i] !== part[i]) return false
  return true
}

/** Decodes ASCII, or returns undefined. For up to about 20 bytes this is faster than TextDecoder. */
function ascii(bytes: Uint8Array, start: number, end: number): string | undefined {
  let text = ''
  let i = start
  for (; i + 4 <= end; i += 4) {
    const a = bytes[i]!
    const b = bytes[i + 1]!
    const c = bytes[i + 2]!
    const d = bytes[i + 3]!
    if ((a | b | c | d) > 127) return undefined
    text += String.fromCharCode(a, b, c, d)
  }
  for (; i < end; i++) {
    const a = bytes[i]!
    if (a > 127) return undefined
    text += String.fromCharCode(a)
  }
  return text
}

function numberIfSafe(value: bigint): number | bigint {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}
