/**
 * Types of the optional interfaces that a composed backend passes through.
 *
 * @module
 */

import type { Backend, Listable, OwnerIndex, Preparable, Prunable } from '../backend.ts'

type Optional = OwnerIndex & Listable & Prunable & Preparable

/** A backend that may implement any of the optional interfaces. */
export type AnyBackend = Backend & Partial<Optional>

/** The optional methods that `B` has, all of them or only those in `Names`. */
export type Extras<B, Names extends keyof Optional = keyof Optional> = Pick<
  B,
  Extract<keyof B, Names>
>
