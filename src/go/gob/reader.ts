/**
 * A cursor over the bytes of a stream, and the primitive encodings.
 *
 * @module
 */

import { SessionError } from '../../errors.ts'

/** An error of the stream. The message never holds what the stream holds. */
export function invalid(message: string, cause?: unknown): SessionError {
  return new SessionError('gob-invalid', `gob: ${message}`, cause === undefined ? {} : { cause })
}

// A byte order mark is part of the text, as in Go.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

const double = new DataView(new ArrayBuffer(8))

const maxNameLength = 24

/** Property names read before, found by hash: a string made once is quicker as a key ever after. */
const names: ({ readonly text: string; readonly bytes: Uint8Array } | undefined)[] = new Array(512)

export class Reader {
  readonly bytes: Uint8Array
  position = 0
  /** Where the current message ends. */
  end = 0

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  /** Enters the next message. The current one must be used up. */
  nextMessage(): void {
    this.end = this.bytes.length
    const length = this.uint()
    this.need(length)
    this.end = this.position + length
  }

  private need(length: number): void {
    if (length > this.end - this.position) throw invalid('unexpected end of the stream')
  }

  /** A count of values. Each takes a byte at least, if not in this message then in the next ones. */
  count(): number {
    const count = this.uint()
    if (count > this.bytes.length - this.position) throw invalid('a count exceeds the input')
    return count
  }

  /** A count of bytes, which must all be in the current message. */
  length(): number {
    const length = this.uint()
    this.need(length)
    return length
  }

  /** An unsigned integer that is a length, a count or a field delta. */
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

  /** A signed integer that is a type id. */
  id(): number {
    const value = this.int()
    if (typeof value === 'number') return value
    throw invalid('a type id is out of range')
  }

  /** Any signed integer: a number if it is safe, else a bigint. */
  int(): number | bigint {
    const value = this.unsigned()
    if (typeof value === 'number') {
      return value % 2 === 0 ? value / 2 : -(value + 1) / 2
    }
    return natural((value & 1n) === 0n ? value >> 1n : ~(value >> 1n))
  }

  /** Any unsigned integer: a number if it is safe, else a bigint. */
  unsigned(): number | bigint {
    if (this.position >= this.end) throw invalid('unexpected end of the stream')
    const first = this.bytes[this.position]!
    if (first >= 0x80) return this.longUint()
    this.position++
    return first
  }

  /** The number of bytes, negated, then the bytes, big-endian. Go accepts leading zeros. */
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
    return natural(value)
  }

  private longSize(): number {
    const size = 256 - this.bytes[this.position]!
    if (size > 8) throw invalid('an integer of more than 8 bytes')
    this.position++
    this.need(size)
    return size
  }

  bool(): boolean {
    return this.unsigned() !== 0
  }

  /** The bits of a double travel byte-reversed, so that the zeros of short fractions fall away. */
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

  /** The next `length` bytes as text; undefined, without moving, when they are not valid UTF-8. */
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

  /** The next `length` bytes as the name of a property; undefined as with `text`. */
  name(length: number): string | undefined {
    if (length > maxNameLength) return this.text(length)
    const { bytes, position } = this
    let hash = length
    for (let i = position; i < position + length; i++) hash = (hash * 31 + bytes[i]!) | 0
    const place = hash & (names.length - 1)
    const known = names[place]
    if (
      known !== undefined &&
      known.bytes.length === length &&
      isAt(bytes, position, known.bytes)
    ) {
      this.position += length
      return known.text
    }
    const text = this.text(length)
    if (text !== undefined) names[place] = { text, bytes: bytes.slice(position, this.position) }
    return text
  }

  /** Whether `head` and then the byte `next` come next, in the current message. */
  isAt(head: Uint8Array, next: number): boolean {
    const after = this.position + head.length
    return after < this.end && this.bytes[after] === next && isAt(this.bytes, this.position, head)
  }

  /** A copy of the next `length` bytes. */
  copy(length: number): Uint8Array {
    const start = this.position
    this.position += length
    return this.bytes.slice(start, this.position)
  }
}

/** Whether `part` is at `at`. */
export function isAt(bytes: Uint8Array, at: number, part: Uint8Array): boolean {
  for (let i = 0; i < part.length; i++) if (bytes[at + i] !== part[i]) return false
  return true
}

/** Below about twenty characters this is faster than any call out of JavaScript. */
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

function natural(value: bigint): number | bigint {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}
