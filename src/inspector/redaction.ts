/**
 * Which values of a session are never shown.
 *
 * @module
 */

import { soundsSecret } from '../lib/secret-names.ts'
import { inputKey } from '../session/reserved-keys.ts'

/**
 * Decides about a value: true hides it, false shows it although its name suggests a secret, and undefined leaves it to
 * the built-in rule.
 *
 * @param path - the keys that lead to the value, outermost first
 */
export type Redact = (path: readonly string[], value: unknown) => boolean | undefined

/** Words that suggest a secret in stored data, but not in a form: `signingKey`, but not `monkey`. */
const secretWords =
  /(?:^|-)(?:keys?|cookies?|signatures?|salt|seed|sid|iban|ssn|mnemonic|verifier|nonce)(?:-|$)/

/** JSON Web Tokens, and keys in PEM. */
const secretText = /^(?:eyJ[\w-]{5,}\.[\w-]+\.|-----BEGIN )/

/** Whether a value must not be shown. If the function of the app fails, or returns anything else, it is hidden. */
export function isHidden(
  path: readonly string[],
  value: unknown,
  redact: Redact | undefined,
): boolean {
  let decision: unknown
  try {
    decision = redact?.(path, value)
  } catch {
    return true
  }
  if (decision === undefined) return isSecretName(path.at(-1) ?? '') || looksSecret(value)
  return decision !== false
}

function isSecretName(name: string): boolean {
  const words = name
    .replace(/(\p{Ll})(?=\p{Lu})/gu, '$1-')
    .toLowerCase()
    .replace(/[^\p{L}\d]+/gu, '-')
  // Fields of a form that was sent, in one list.
  return name === inputKey || soundsSecret(name) || secretWords.test(words)
}

function looksSecret(value: unknown): boolean {
  return typeof value === 'string' && secretText.test(value)
}
