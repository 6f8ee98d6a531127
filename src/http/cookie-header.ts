/**
 * Reading the `Cookie` request header.
 *
 * @module
 */

/** Longer headers are not looked at. Node's own limit for all headers together is 16 KiB. */
const maxHeaderLength = 65_536

/**
 * The values of every cookie called `name`, in the order sent.
 *
 *     cookie-string = cookie-pair *( ";" SP cookie-pair )       RFC 6265bis §4.2.1
 *     cookie-pair   = cookie-name "=" cookie-value
 *
 * Names match byte for byte. Around names and values only space and tab are dropped: browsers send
 * a no-break space in a name as it is, and whoever trims it takes an attacker's cookie for a
 * `__Host-` one. Nothing is percent-decoded or unquoted, as no value of ours needs it. Once
 * through, whatever the header.
 */
export function cookieValues(header: string | undefined, name: string): string[] {
  const values: string[] = []
  if (!header || header.length > maxHeaderLength) return values
  let start = 0
  while (start < header.length) {
    let end = header.indexOf(';', start)
    if (end < 0) end = header.length
    const nameStart = skipBlanks(header, start, end)
    const equals = nameStart + name.length
    // Most pairs are other cookies: a look at the text in place tells, without a copy.
    if (header.startsWith(name, nameStart)) {
      const valueStart = skipBlanks(header, equals, end)
      if (header[valueStart] === '=' && valueStart < end) {
        values.push(trimBlanks(header, valueStart + 1, end))
      }
    }
    start = end + 1
  }
  return values
}

function skipBlanks(text: string, from: number, end: number): number {
  let at = from
  while (at < end && isBlank(text.charCodeAt(at))) at++
  return at
}

function trimBlanks(text: string, from: number, to: number): string {
  const start = skipBlanks(text, from, to)
  let end = to
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09
}
