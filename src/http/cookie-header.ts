/**
 * Parses the `Cookie` request header.
 *
 * @module
 */

/** Longer headers are not parsed. Node limits all headers together to 16 KiB by default. */
export const maxHeaderLength = 65_536

/**
 * Returns the values of all cookies called `name`, in the order sent.
 *
 *     cookie-string = cookie-pair *( ";" SP cookie-pair )       RFC 6265bis §4.2.1
 *     cookie-pair   = cookie-name "=" cookie-value
 *     cookie-value  = *cookie-octet / ( DQUOTE *cookie-octet DQUOTE )
 *
 * Names are compared byte for byte. Only spaces and tabs around names and values are trimmed:
 * browsers send a no-break space in a cookie name unchanged, and a parser that trims it would accept
 * an attacker's cookie as a `__Host-` one. Quotes around a value are removed, as Go and express-session
 * do: some clients and proxies add them. Values are not percent-decoded, because session cookies do not
 * use it. Runs in linear time for any header.
 */
export function cookieValues(header: string | undefined, name: string): string[] {
  const values: string[] = []
  if (!header || header.length > maxHeaderLength) return values
  let start = 0
  while (start < header.length) {
    let end = header.indexOf(';', start)
    if (end < 0) end = header.length
    while (start < end && isBlank(header.charCodeAt(start))) start++
    // Most pairs are other cookies. Comparing in place avoids a copy of each.
    if (header.startsWith(name, start)) {
      const value = valueAfter(header, start + name.length, end)
      if (value !== undefined) values.push(value)
    }
    start = end + 1
  }
  return values
}

/** The value after `=`; undefined if the name goes on. */
function valueAfter(header: string, from: number, to: number): string | undefined {
  let start = from
  while (start < to && isBlank(header.charCodeAt(start))) start++
  if (start >= to || header.charCodeAt(start) !== equalsSign) return undefined
  start++
  while (start < to && isBlank(header.charCodeAt(start))) start++
  let end = to
  while (end > start && isBlank(header.charCodeAt(end - 1))) end--
  return unquoted(header.slice(start, end))
}

/** The value without the quotes around it. A quote on one side only is part of the value. */
export function unquoted(value: string): string {
  if (value.charCodeAt(0) !== quote || value.length < 2) return value
  return value.endsWith('"') ? value.slice(1, -1) : value
}

const equalsSign = 0x3d
const quote = 0x22

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09
}
