/**
 * A growing buffer, which encodes gob's primitive values.
 *
 * @module
 */

import { SessionError } from '../../errors.ts'

const maxBytes = 64 * 1024 * 1024

const utf8 = new TextEncoder()
const double = new DataView(new ArrayBuffer(8))
const doubleBytes = new Uint8Array(double.buffer)

export class Writer {
  bytes: Uint8Array = new Uint8Array(1024)
  position = 0

  /** Grows the buffer to hold `length` more bytes. */
  need(length: number): void {
    const size = this.position + length
    if (size <= this.bytes.length) return
    if (size > maxBytes) {
      throw new SessionError('gob-unsupported', 'gob: the encoded value is longer than 64 MiB')
    }
    const grown = new Uint8Array(Math.max(size, 2 * this.bytes.length))
    grown.set(this.bytes.subarray(0, this.position))
    this.bytes = grown
  }

  byte(value: number): void {
    if (this.position === this.bytes.length) this.need(1)
    this.bytes[this.position++] = value
  }

  raw(bytes: Uint8Array): void {
    const { length } = bytes
    this.need(length)
    if (length > 32) this.bytes.set(bytes, this.position)
    else for (let i = 0; i < length; i++) this.bytes[this.position + i] = bytes[i]!
    this.position += length
  }

  /** Writes an unsigned integer of up to 53 bits. */
  uint(value: number): void {
    if (value < 0x80) this.byte(value)
    else this.longUint(value)
  }

  /** The negated number of bytes, then the big-endian bytes. */
  private longUint(value: number): void {
    let size = 1
    for (let rest = value; rest >= 256; rest = Math.floor(rest / 256)) size++
    this.need(size + 1)
    this.bytes[this.position++] = 256 - size
    for (let i = size - 1, rest = value; i >= 0; i--, rest = Math.floor(rest / 256)) {
      this.bytes[this.position + i] = rest % 256
    }
    this.position += size
  }

  /** Writes an unsigned integer of up to 64 bits. */
  unsigned(value: number | bigint): void {
    if (typeof value === 'number') {
      this.uint(value)
    } else {
      double.setBigUint64(0, value)
      this.minimal()
    }
  }

  /** Writes a signed integer of up to 64 bits. The lowest bit is the sign. */
  int(value: number | bigint): void {
    if (typeof value === 'number' && Math.abs(value) < 2 ** 52) {
      this.uint(value < 0 ? -2 * value - 1 : 2 * value)
    } else {
      const wide = BigInt(value)
      this.unsigned(wide < 0n ? (~wide << 1n) | 1n : wide << 1n)
    }
  }

  /** Writes a double. NaN gets the bits of Go's `math.NaN()`. */
  float(value: number): void {
    if (Number.isNaN(value)) double.setBigUint64(0, 0x7ff8000000000001n, true)
    else double.setFloat64(0, value, true)
    this.minimal()
  }

  /** Writes `doubleBytes` as an unsigned integer, without its leading zeros. */
  private minimal(): void {
    let start = 0
    while (start < 7 && doubleBytes[start] === 0) start++
    if (start < 7 || doubleBytes[7]! >= 0x80) this.byte(256 - (8 - start))
    this.raw(start === 0 ? doubleBytes : doubleBytes.subarray(start))
  }

  /** Writes the length of a string and its UTF-8 bytes. A lone surrogate becomes U+FFFD. */
  string(text: string): void {
    const mark = this.open()
    const { length } = text
    this.need(3 * length)
    if (length > 24 || !this.ascii(text)) {
      this.position += utf8.encodeInto(text, this.bytes.subarray(this.position)).written
    }
    this.close(mark, this.position - mark - 1)
  }

  private ascii(text: string): boolean {
    const { bytes, position } = this
    const { length } = text
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i)
      if (code > 127) return false
      bytes[position + i] = code
    }
    this.position += length
    return true
  }

  /** Reserves a byte for a number that is not known yet. Returns its position, for `close`. */
  open(): number {
    this.byte(0)
    return this.position - 1
  }

  /** Writes the number at the position that `open` reserved. If it needs more bytes, the rest moves. */
  close(mark: number, value: number): void {
    if (value < 0x80) {
      this.bytes[mark] = value
      return
    }
    const end = this.position
    this.uint(value)
    const size = this.position - end
    const number = this.bytes.slice(end, this.position)
    this.bytes.copyWithin(mark + size, mark + 1, end)
    this.bytes.set(number, mark)
    this.position = end + size - 1
  }

  /** Returns a copy of the bytes written so far. */
  result(start = 0): Uint8Array {
    return this.bytes.slice(start, this.position)
  }
}
