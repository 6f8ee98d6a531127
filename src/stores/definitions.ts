/**
 * What the sessions of a store start with, by name.
 *
 * @module
 */

import { assertOptions, type Options, sameOptions } from '../http/cookie-options.ts'
import { isDevelopment, warn } from '../lib/warnings.ts'
import type { SessionPolicy } from '../session/definition.ts'
import { type FullLifetime, fullLifetime } from '../session/lifetime.ts'
import type { Defaults } from '../session/snapshot.ts'
import type { Persistence } from './persistence.ts'
import { longestLife, type Settings } from './settings.ts'

/** A policy, and the defaults that follow from it and from the store's. */
interface Definition {
  readonly policy: SessionPolicy
  readonly lifetime: FullLifetime
  store: Defaults
  defaults: Defaults
}

/**
 * The defaults of a store and of its defined sessions. The cookie attributes of a store are public and mutable,
 * as in Go, so that they are passed in: defaults are made again only if they have changed.
 */
export class Definitions {
  readonly #now: () => number
  readonly #definitions = new Map<string, Definition>()
  #lifetime: FullLifetime
  #defaults: Defaults

  constructor({ lifetime, now, options }: Settings) {
    this.#now = now
    this.#lifetime = lifetime
    this.#defaults = this.#newDefaults(options)
  }

  /** Throws a TypeError for a name that is already defined, and for what the persistence cannot keep. */
  define(name: string, policy: SessionPolicy, options: Options, persistence: Persistence): void {
    const { capabilities, codecs = [] } = persistence
    if (this.#definitions.has(name)) assertReloaded(name)
    if (!capabilities.has('lifetimes') && Object.keys(policy.lifetime).length > 0) {
      throw new TypeError('this store keeps no lifetimes: its codecs have limits of their own')
    }
    if (!capabilities.has('metadata') && policy.version > 1) {
      throw new TypeError('this store keeps no versions: its codecs have no room for them')
    }
    assertOptions({ ...options, ...policy.options })
    const lifetime = fullLifetime(policy.lifetime, this.#lifetime)
    const store = this.#storeDefaults(options)
    const defaults = extend(store, policy, lifetime)
    this.#definitions.set(name, { policy, lifetime, store, defaults })
    for (const codec of codecs) {
      if (codec.maxLifetime !== undefined) {
        codec.maxLifetime = Math.max(codec.maxLifetime, lifetime.absolute)
      }
    }
  }

  /** The policy of a defined session. */
  policyOf(name: string): SessionPolicy | undefined {
    return this.#definitions.size > 0 ? this.#definitions.get(name)?.policy : undefined
  }

  /** What a new session of this name starts with. */
  defaultsOf(name: string, options: Options): Defaults {
    const store = this.#storeDefaults(options)
    const definition = this.#definitions.size > 0 ? this.#definitions.get(name) : undefined
    if (!definition) return store
    if (definition.store !== store) {
      definition.store = store
      definition.defaults = extend(store, definition.policy, definition.lifetime)
    }
    return definition.defaults
  }

  /** Sets how long sessions of the store live without a request, in seconds. */
  setIdleTime(idle: number, options: Options): void {
    this.#lifetime = fullLifetime({ idle, absolute: longestLife(idle) }, this.#lifetime)
    this.#defaults = this.#newDefaults(options)
  }

  #storeDefaults(options: Options): Defaults {
    if (!sameOptions(options, this.#defaults.options)) this.#defaults = this.#newDefaults(options)
    return this.#defaults
  }

  #newDefaults(options: Options): Defaults {
    return { options: { ...options }, lifetime: this.#lifetime, version: 1, now: this.#now }
  }
}

function extend(store: Defaults, policy: SessionPolicy, lifetime: FullLifetime): Defaults {
  const options = { ...store.options, ...policy.options }
  return { options, lifetime, version: policy.version, now: store.now }
}

/** In development, a module that is reloaded defines its sessions again. */
function assertReloaded(name: string): void {
  const message = `session "${name}" is already defined; define it once and share the result`
  if (!isDevelopment()) throw new TypeError(message)
  warn('SESSION_REDEFINED', `${message} (replaced, because NODE_ENV is development)`)
}
