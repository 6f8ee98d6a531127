/** A record that holds one number, and concurrent increments of it. */

import type { Backend } from 'silverback'

export const expires = 9e9
export const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)

export async function valueIn(backend: Backend): Promise<number | undefined> {
  return (await backend.load('id'))?.data[0]
}

/** Adds one, retrying after each conflict. Returns false if the record is missing. */
export async function increment(backend: Backend): Promise<boolean> {
  for (;;) {
    const record = await backend.load('id')
    if (!record) return false
    const { status } = await backend.update('id', plusOne(record.data), record.version)
    if (status === 'updated') return true
    if (status === 'gone') return false
  }
}

function plusOne(data: Uint8Array): { data: Uint8Array; expires: number } {
  return { data: bytes((data[0] as number) + 1), expires }
}
