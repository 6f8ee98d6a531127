/**
 * Names that suggest secrets.
 *
 * @module
 */

/** Matches names that suggest a secret, in lower case and without punctuation. */
const secretText = new RegExp(
  [
    'passw|passphrase|passcode|^pwd|pwd$|credential|secret|token|[cx]srf|bearer|jwt|sessionid|authori[sz]ation',
    '(?:api|access|private|signing|encryption)key',
    '^otp|otp$|pincode|pinnumber|(?:onetime|verification|security|auth|login|sms|recovery|backup)code',
    'securityanswer|socialsecurity|^ssn$|cvc|cvv|cardn|creditcard',
  ].join('|'),
)

/**
 * Matches the same names as words separated by hyphens, for words that are too short to be found anywhere. The
 * names that begin with `cc` are autocomplete tokens of the HTML standard, such as `cc-number`.
 */
const secretWords =
  /(?:^|-)(?:(?:pin|otp|mfa|2fa|tfa|csc)(?:-|$)|(?:pass|auth)$|cc-?(?:number|num|no$|csc|exp|name|given|additional|family|type))/

/** True for names of passwords, tokens, keys, one-time codes, card numbers and the like, in any spelling. */
export function soundsSecret(name: string): boolean {
  const words = name
    .replace(/(\p{Ll})(?=\p{Lu})/gu, '$1-')
    .toLowerCase()
    .replace(/[^\p{L}\d]+/gu, '-')
    .replace(/-$/, '')
  return secretWords.test(words) || secretText.test(words.replaceAll('-', ''))
}
