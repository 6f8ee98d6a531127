/**
 * The options with which commands get secret keys, and the forms that keys can have.
 *
 * Keys are never plain arguments: those are visible to other users in `ps`, and stay in the shell's history.
 *
 * @module
 */

import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { parseEnv } from 'node:util'
import { keyMaterial, type SecretKey } from '../../codec/key-material.ts'
import { hasCode } from '../../runtime/files.ts'
import type { Context } from './command.ts'
import { echo } from './echo.ts'
import { FailedError, UsageError } from './exit-codes.ts'
import { printable } from './style.ts'

/** The arguments of commands that use keys. */
export const keyArgs = {
  'keys-env': {
    type: 'string',
    valueHint: 'NAME',
    description: 'The variable with the keys, also in .env (default: SESSION_KEYS or SESSION_KEY)',
  },
  'keys-file': {
    type: 'string',
    valueHint: 'FILE',
    description: 'A file with one key per line, the newest first',
  },
} as const

/** Values of {@link keyArgs}. */
export interface KeyArgs {
  readonly 'keys-env'?: string | undefined
  readonly 'keys-file'?: string | undefined
}

/** A key as it was written. What it means depends on the library that uses it. */
export interface LoadedKey {
  /** Where the key comes from, such as `SESSION_KEYS[1]` or `keys.txt:3`. */
  readonly label: string
  readonly secret: SecretKey
  /** Go's block key, if it comes from a variable of its own. */
  readonly block?: string
}

const defaultVariables = ['SESSION_KEYS', 'SESSION_KEY'] as const

const advice =
  'Set SESSION_KEY in the environment or in a .env file, or use --keys-env NAME or --keys-file FILE.'

/**
 * Resolves to the keys, newest first: those of the arguments, otherwise those of the first variable that is set of
 * SESSION_KEYS and SESSION_KEY. Resolves to an empty array if there are none. The environment takes precedence over
 * a `.env` file in the working directory.
 *
 * Rejects with a UsageError if a variable or file that the arguments name is missing or has no keys.
 */
export async function loadKeys(
  args: KeyArgs,
  { env, cwd }: Pick<Context, 'env' | 'cwd'>,
): Promise<readonly LoadedKey[]> {
  const { 'keys-env': variable, 'keys-file': file } = args
  if (variable !== undefined && file !== undefined) {
    throw new UsageError('Use --keys-env or --keys-file, not both.')
  }
  if (file !== undefined) return keysOfFile(file, resolve(cwd, file))
  const variables = { ...(await dotEnv(cwd)), ...env }
  if (variable !== undefined) return keysOfVariable(variable, variables)
  const found = defaultVariables.find(name => variables[name])
  return found === undefined ? [] : split(found, variables[found] as string)
}

/** Like {@link loadKeys}, but rejects with a UsageError if there are no keys. */
export async function requireKeys(
  args: KeyArgs,
  context: Pick<Context, 'env' | 'cwd'>,
): Promise<readonly LoadedKey[]> {
  const keys = await loadKeys(args, context)
  if (keys.length === 0) throw new UsageError(`There are no keys. ${advice}`)
  return keys
}

/** Returns the keys for the option `keys` of a store. Throws a UsageError for a key that stores refuse. */
export function storeKeys(keys: readonly LoadedKey[]): SecretKey[] {
  return keys.map(({ label, secret }) => {
    try {
      keyMaterial(printable(label), secret)
    } catch (error) {
      throw new UsageError((error as Error).message)
    }
    return secret
  })
}

/** A pair of keys for Go's securecookie. */
export interface GoKeyPair {
  readonly hashKey: Uint8Array
  readonly blockKey: Uint8Array | undefined
}

/**
 * Returns what a key can mean to a Go program: a hash key, or a hash and a block key with a colon between them. Go
 * programs use the bytes of a variable as they are, or decode them from hex or base64.
 */
export function goKeyPairs({ secret, block }: LoadedKey): GoKeyPair[] {
  if (typeof secret !== 'string') return [{ hashKey: secret, blockKey: undefined }]
  if (block !== undefined) return pairsOf(secret, block)
  const alone = readings(secret).map(hashKey => ({ hashKey, blockKey: undefined }))
  const colon = secret.indexOf(':')
  if (colon <= 0) return alone
  return [...pairsOf(secret.slice(0, colon), secret.slice(colon + 1)), ...alone]
}

/** Returns the bytes that a text stands for: as hex and as base64, if it has that form, and as UTF-8. */
function readings(text: string): Uint8Array[] {
  const bytes: Uint8Array[] = []
  if (/^(?:[\da-f]{2})+$/i.test(text)) bytes.push(new Uint8Array(Buffer.from(text, 'hex')))
  if (/^[\w+/-]+={0,2}$/.test(text)) bytes.push(new Uint8Array(Buffer.from(text, 'base64')))
  return [...bytes, new TextEncoder().encode(text)]
}

/**
 * Returns the keys in the lines of a key file. Empty lines and comments are skipped: a comment begins with `#`, at
 * the start of a line or after white space.
 */
export function keyLines(text: string): { readonly line: number; readonly key: string }[] {
  return text
    .split('\n')
    .map((content, index) => ({ line: index + 1, key: withoutComment(content).trim() }))
    .filter(({ key }) => key !== '')
}

/** Without a backtracking RegExp, which takes quadratic time for a long run of spaces. */
function withoutComment(line: string): string {
  let at = line.indexOf('#')
  while (at > 0 && !/\s/.test(line[at - 1] as string)) at = line.indexOf('#', at + 1)
  return at < 0 ? line : line.slice(0, at)
}

function pairsOf(hash: string, block: string): GoKeyPair[] {
  const blockKeys = readings(block).filter(({ length }) => [16, 24, 32].includes(length))
  return readings(hash).flatMap(hashKey => blockKeys.map(blockKey => ({ hashKey, blockKey })))
}

async function keysOfFile(name: string, path: string): Promise<LoadedKey[]> {
  let bytes: Buffer
  try {
    bytes = await readFile(path)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) {
      throw new UsageError(`--keys-file: there is no file ${fileIn(name)}.`)
    }
    throw new FailedError(`The key file could not be read: ${(error as Error).message}`)
  }
  // `secure-session-gen-key` writes a file of random bytes.
  if (bytes.length === 32 && !/^[\t\n\r -~]*$/.test(bytes.toString('latin1'))) {
    return [{ label: name, secret: new Uint8Array(bytes) }]
  }
  const keys = keyLines(bytes.toString()).map(({ line, key }) => ({
    label: `${name}:${line}`,
    secret: key,
  }))
  if (keys.length === 0) throw new UsageError(`--keys-file: ${printable(name)} has no keys.`)
  return keys
}

/** A path can be long. It is described only if it can also be a key. */
function fileIn(argument: string): string {
  return /^[\w+/-]+={0,2}$/.test(argument) ? echo(argument) : printable(argument)
}

function keysOfVariable(
  name: string,
  variables: Readonly<Record<string, string | undefined>>,
): LoadedKey[] {
  const [hash, block] = name.split(':', 2).map(each => {
    const value = variables[each]
    if (value) return value
    throw new UsageError(
      `--keys-env: ${echo(each)} is not set, neither in the environment nor in .env.`,
    )
  }) as [string, string?]
  return block === undefined ? split(name, hash) : [{ label: name, secret: hash, block }]
}

/** Several keys in one variable are separated by commas. A secret with a comma needs a key file. */
function split(name: string, value: string): LoadedKey[] {
  const keys = value.split(',').map(each => each.trim())
  const label = (index: number) => (keys.length === 1 ? name : `${name}[${index}]`)
  return keys
    .map((secret, index) => ({ label: label(index), secret }))
    .filter(({ secret }) => secret !== '')
}

async function dotEnv(cwd: string): Promise<Record<string, string | undefined>> {
  try {
    return parseEnv(await readFile(resolve(cwd, '.env'), 'utf8'))
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'EISDIR')) return {}
    throw new FailedError(`.env could not be read: ${(error as Error).message}`)
  }
}
