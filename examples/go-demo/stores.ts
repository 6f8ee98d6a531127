/**
 * Where the demo keeps its sessions, and the keys that protect them.
 *
 * @module
 */

import type { CookieStore, FilesystemStore, Options } from 'silverback'
import { cookieStore, filesystemStore, type PairKey } from 'silverback/gorilla'
import { generateRandomKey } from 'silverback/securecookie'

/** The values of the session `login`. */
export interface Login {
  user?: string
  cart?: number
  remember?: boolean
}

/** The values of the session `theme`. */
export interface Theme {
  theme?: 'light' | 'dark'
}

/** In seconds. */
export const thirtyDays: number = 30 * 86_400

const cookieOptions: Options = {
  path: '/',
  httpOnly: true,
  sameSite: 'lax',
  // Off only because the demo and the Go program use plain HTTP on this machine.
  secure: false,
}

/** Limits the list of keys, which grows with every rotation. */
const maxKeyPairs = 4

/**
 * The stores of the demo: logins are kept in files, themes in their cookie. Both use the storage format of
 * Go's gorilla/sessions, so a Go program with the same folder and keys can serve the same visitors.
 */
export class Stores {
  logins: FilesystemStore
  themes: CookieStore
  readonly #folder: string
  #keys: readonly PairKey[]

  /**
   * @param folder - the folder for session files
   * @param keys - alternating hash and block keys, newest pair first
   */
  constructor(folder: string, keys: readonly PairKey[]) {
    this.#folder = folder
    this.#keys = keys
    this.logins = this.#openLogins()
    this.themes = this.#openThemes()
  }

  /** The number of key pairs. The first one writes cookies; all of them read cookies. */
  get keyPairs(): number {
    return this.logins.codecs.length
  }

  /** Adds a new key pair at the front. Cookies made with older pairs stay readable. */
  rotateKeys(): void {
    this.#keys = [...newKeyPair(), ...this.#keys].slice(0, 2 * maxKeyPairs)
    this.logins = this.#openLogins()
    this.themes = this.#openThemes()
  }

  #openLogins(): FilesystemStore {
    const store = filesystemStore(this.#folder, ...this.#keys)
    Object.assign(store.options, cookieOptions, { maxAge: 'session' })
    return store
  }

  #openThemes(): CookieStore {
    const store = cookieStore(...this.#keys)
    Object.assign(store.options, cookieOptions, { maxAge: thirtyDays })
    return store
  }
}

/** Generates a random hash key (for signing) and block key (for encryption). */
export function newKeyPair(): PairKey[] {
  return [generateRandomKey(64), generateRandomKey(32)]
}

/**
 * Parses a list of keys in hex such as `6b31…,6b32…`, newest pair first. An empty item means no key.
 *
 * @throws TypeError when a key is not hex
 */
export function parseKeys(list: string): PairKey[] {
  return list.split(',').map((key, index) => {
    // The message names the position only, because keys must not end up in logs.
    if (!/^([\da-f]{2})*$/i.test(key))
      throw new TypeError(`SESSION_KEYS: key ${index + 1} is not valid hex`)
    return key === '' ? null : Buffer.from(key, 'hex')
  })
}
