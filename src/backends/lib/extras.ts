/**
 * What a backend may offer besides the contract, and what becomes of it in one that is made of others.
 *
 * @module
 */

import type { Backend, Listable, OwnerIndex, Preparable, Prunable } from '../backend.ts'

type Optional = OwnerIndex & Listable & Prunable & Preparable

/** A backend with whatever it offers. */
export type AnyBackend = Backend & Partial<Optional>

/** Of what a backend offers, this: all of it, unless some is named. */
export type Extras<B, Names extends keyof Optional = keyof Optional> = Pick<
  B,
  Extract<keyof B, Names>
>
