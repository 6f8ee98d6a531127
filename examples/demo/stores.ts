/**
 * Where the demo keeps its sessions, and the keys that protect them.
 *
 * @module
 */

import type { CookieStore, FilesystemStore, Options } from 'silverback'
import { cookieStore, filesystemStore, type PairKey } from 'silverback/gorilla'
import { generateRandomKey } from 'silverback/securecookie'

/** What the session `login` holds. */
export interface Login {
  user?: string
  cart?: number
  remember?: boolean
}

/** What the session `theme` holds. */
export interface Theme {
  theme?: 'light' | 'dark'
}

/** In seconds. */
export const thirtyDays: number = 30 * 86_400

const cookieOptions: Options = {
  path: '/',
  httpOnly: true,
  sameSite: 'lax',
  // Off only because the demo and its Go neighbour speak plain HTTP on this machine.
  secure: false,
}

/** So that pressing the button for ever does not make the list longer for ever. */
const mostPairs = 4

/**
 * Logins in files, themes in their cookie. Both stores have the layout of Go's gorilla/sessions:
 * a Go program with the same folder and keys serves the same visitors.
 */
export class Stores {
  logins: FilesystemStore
  themes: CookieStore
  readonly #folder: string
  #keys: readonly PairKey[]

  /**
   * @param folder - for the session files
   * @param keys - hash key, block key, hash key, …: the newest pair first
   */
  constructor(folder: string, keys: readonly PairKey[]) {
    this.#folder = folder
    this.#keys = keys
    this.logins = this.#openLogins()
    this.themes = this.#openThemes()
  }

  /** How many key pairs read cookies; the first of them writes. */
  get keyPairs(): number {
    return this.logins.codecs.length
  }

  /** Puts a new pair in front. What the older pairs wrote stays readable. */
  rotateKeys(): void {
    this.#keys = [...newKeyPair(), ...this.#keys].slice(0, 2 * mostPairs)
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

/** A random key to sign with and one to encrypt with. */
export function newKeyPair(): PairKey[] {
  return [generateRandomKey(64), generateRandomKey(32)]
}

/** The keys in a list such as `6b31…,6b32…`: hex, the newest pair first. No text is no key. */
export function parseKeys(list: string): PairKey[] {
  return list.split(',').map((text, index) => {
    // The message counts and does not quote: a key must not end up in a log.
    if (!/^([\da-f]{2})*$/i.test(text))
      throw new TypeError(`SESSION_KEYS: key ${index + 1} is not hex`)
    return text === '' ? null : Buffer.from(text, 'hex')
  })
}
