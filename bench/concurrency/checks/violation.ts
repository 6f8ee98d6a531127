/** What a check finds. */

/** The kinds of violations. Each is a column of the table. */
export const violationKinds = [
  'lost keys',
  'lost increments',
  'doubled increments',
  'lost messages',
  'returned messages',
  'resurrected sessions',
  'lost sign-ins',
  'wrong lists',
  'unexpected errors',
] as const

export type ViolationKind = (typeof violationKinds)[number]

/** One or more violations of a kind in the same place. */
export interface Violation {
  readonly kind: ViolationKind
  readonly count: number
  /** What is wrong, for those who look for the cause. */
  readonly details: string
}
