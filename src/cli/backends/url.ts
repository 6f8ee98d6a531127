/**
 * The URLs of stores, such as `redis://localhost:6379?prefix=shop:`.
 *
 * They are not parsed as WHATWG URLs: those know no relative file names and no lists of hosts.
 *
 * @module
 */

import { nearest } from '../../lib/assert-options.ts'
import { UsageError } from '../lib/exit-codes.ts'
import { printable } from '../lib/style.ts'

/** The kinds of stores. */
export type StoreKind = keyof typeof kinds

const kinds = {
  redis: { schemes: ['redis', 'rediss', 'valkey', 'valkeys'], label: 'Redis' },
  postgres: { schemes: ['postgres', 'postgresql'], label: 'PostgreSQL' },
  mysql: { schemes: ['mysql', 'mariadb'], label: 'MySQL' },
  mongodb: { schemes: ['mongodb', 'mongodb+srv'], label: 'MongoDB' },
  sqlite: { schemes: ['sqlite'], label: 'SQLite' },
  file: { schemes: ['file'], label: 'Files' },
  memcached: { schemes: ['memcached'], label: 'memcached' },
  dynamodb: { schemes: ['dynamodb'], label: 'DynamoDB' },
} as const

/** Kinds whose URL names a file, a folder or a table, instead of a server. */
const named: readonly StoreKind[] = ['sqlite', 'file', 'dynamodb']

/** Parameters with secrets, which drivers accept in URLs. */
const secretParameter = /pass|secret|token/i

/** The URL of a store. */
export class StoreUrl {
  readonly kind: StoreKind
  readonly scheme: string
  /** The URL without its parameters. */
  readonly base: string
  /** What follows the scheme: a file, folder or table. Empty for servers. */
  readonly target: string
  /** What messages call the store. Has no user name and no password. */
  readonly label: string
  /** Identifies the store among others. Has no user name and no password. */
  readonly id: string
  readonly #parameters: URLSearchParams
  readonly #secrets: readonly string[]

  private constructor(text: string) {
    const [base, query] = splitOnce(text, '?')
    const [scheme] = splitOnce(base, ':')
    this.kind = kindOf(scheme)
    this.scheme = scheme
    this.base = base
    this.#parameters = new URLSearchParams(query)
    const rest = base.slice(scheme.length + 1)
    const isNamed = named.includes(this.kind)
    this.target = isNamed ? rest.replace(/^\/\//, '') : ''
    const { label } = kinds[this.kind]
    const { host, secrets } = isNamed
      ? { host: this.target, secrets: [] }
      : authorityOf(rest, label, scheme)
    if (host === '') throw new UsageError(`${scheme}: is not a whole URL. ${advice}`)
    this.label = `${label} at ${printable(host)}`
    const others = [...this.#parameters].filter(([name]) => !secretParameter.test(name))
    this.id = JSON.stringify([this.kind, host, others.sort()])
    const inParameters = [...this.#parameters].filter(([name]) => secretParameter.test(name))
    this.#secrets = [...secrets, ...inParameters.map(([, value]) => value)]
  }

  /** Throws a UsageError for anything but the URL of a store. The message has no password. */
  static parse(text: string): StoreUrl {
    return new StoreUrl(text.trim())
  }

  /**
   * Returns the parameters with these names. Throws a UsageError for others, unless the driver gets them with
   * {@link urlWithout}.
   */
  parameters<Name extends string>(names: readonly Name[]): Partial<Record<Name, string>> {
    for (const name of this.#parameters.keys()) {
      if ((names as readonly string[]).includes(name)) continue
      const hint = nearest(name, names)
      const inParentheses = hint === undefined ? '' : ` (${hint})`
      throw new UsageError(
        `${this.scheme}: URLs have no parameter ${printable(name)}${inParentheses}. They have ${names.join(', ')}.`,
      )
    }
    return this.#found(names)
  }

  /** Returns the parameters with these names, and the URL without them for the driver. */
  split<Name extends string>(
    names: readonly Name[],
  ): { found: Partial<Record<Name, string>>; url: string } {
    const rest = new URLSearchParams(this.#parameters)
    for (const name of names) rest.delete(name)
    const query = rest.size === 0 ? '' : `?${rest}`
    return { found: this.#found(names), url: `${this.base}${query}` }
  }

  /** Removes passwords from a message of a driver. */
  withoutSecrets(message: string): string {
    return this.#secrets.reduce(
      (text, secret) => (secret.length > 2 ? text.replaceAll(secret, '***') : text),
      message,
    )
  }

  #found<Name extends string>(names: readonly Name[]): Partial<Record<Name, string>> {
    const found: Partial<Record<Name, string>> = {}
    for (const name of names) {
      const value = this.#parameters.get(name)
      if (value !== null) found[name] = value
    }
    return found
  }
}

const schemes = Object.values(kinds).flatMap(kind => [...kind.schemes])
const advice =
  'A store is a URL such as redis://localhost:6379, postgres://localhost/app, sqlite:app.db or file:sessions.'

function kindOf(scheme: string): StoreKind {
  for (const kind of Object.keys(kinds) as StoreKind[]) {
    if ((kinds[kind].schemes as readonly string[]).includes(scheme)) return kind
  }
  // The text may be anything, perhaps a password in the wrong argument: only a scheme is repeated.
  const isScheme = /^[a-z][a-z\d+.-]{0,20}$/i.test(scheme)
  const hint = isScheme ? nearest(scheme, schemes) : undefined
  const start = isScheme ? `${scheme}: is not the URL of a store` : 'That is not the URL of a store'
  throw new UsageError(`${start}${hint === undefined ? '' : ` (${hint})`}. ${advice}`)
}

/** The hosts of `//user:password@host:port/database`, with the database, and the password in all its forms. */
function authorityOf(
  rest: string,
  label: string,
  scheme: string,
): { host: string; secrets: string[] } {
  if (!rest.startsWith('//')) {
    throw new UsageError(`The URL of ${label} begins with ${scheme}://`)
  }
  const [authority, path] = splitOnce(rest.slice(2), '/')
  const at = authority.lastIndexOf('@')
  const hosts = authority.slice(at + 1)
  const [, password] = splitOnce(authority.slice(0, Math.max(at, 0)), ':')
  const name = path === '' ? hosts : `${hosts}/${path}`
  return { host: name, secrets: password === '' ? [] : [password, decoded(password)] }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + separator.length)]
}
