/**
 * The sessions that every runner reads and changes.
 *
 * @module
 */

export type Values = Record<string, unknown>

export type SampleName = '3 keys' | '12 keys'

/** Every sample has a number `visits`, which a save increments. */
export const samples: Readonly<Record<SampleName, Values>> = {
  '3 keys': { user: 'ada@example.com', visits: 42, admin: true },
  '12 keys': {
    user: 'ada@example.com',
    name: 'Ada Lovelace',
    language: 'en-GB',
    csrf: 'b7e2f0c94d1a8365b7e2f0c94d1a8365',
    visits: 42,
    cartItems: 3,
    balance: 12.75,
    taxRate: 0.19,
    admin: false,
    newsletter: true,
    preferences: { theme: 'dark', pageSize: 50, beta: true },
    signedIn: new Date('2026-01-02T03:04:05.678Z'),
  },
}

export const sampleNames: readonly SampleName[] = ['3 keys', '12 keys']

/** Visitors per sample, each with a different cookie: more than any cache of a library holds. */
export const visitorCount = 4096

/** The change made before every save. */
export function countVisit(values: Values): void {
  values.visits = (values.visits as number) + 1
}
