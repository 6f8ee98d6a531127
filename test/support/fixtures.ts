/** Vectors made by the real Go packages: one JSON object a line. */

import { readFileSync } from 'node:fs'

function lines<T>(file: string): T[] {
  const path = new URL(`../fixtures/go/${file}`, import.meta.url)
  return readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as T)
}

/** A Go value as a tree: the Go type, and the value or the parts. */
export interface GoTree {
  go: string
  v?: unknown
  hex?: string
}

/** A value encoded by Go. */
export interface GoVector {
  case: string
  kind: string
  serializer: string
  hash_func: string
  hash_key_hex: string
  block_key_hex: string | null
  name: string
  timestamp: number
  encoded: string
  payload_hex: string
  value: GoTree
  key_pairs_hex?: (string | null)[]
  session_id?: string
  file_name?: string
  file_content?: string
}

/** An input that Go accepts or refuses, with Go's own words. */
export interface GoEdge {
  case: string
  ok: boolean
  kind?: 'usage' | 'decode' | 'internal' | 'plain'
  err?: string
  encoded?: string
  got?: string
  name?: string
  now?: number
  payload?: string
  len?: number
  n?: number
}

export const goVectors: GoVector[] = lines('vectors.jsonl')
export const goEdges: GoEdge[] = lines('edges.jsonl')

export function hex(text: string): Uint8Array
export function hex(text: string | null | undefined): Uint8Array | undefined
export function hex(text: string | null | undefined): Uint8Array | undefined {
  return text === null || text === undefined ? undefined : Buffer.from(text, 'hex')
}
