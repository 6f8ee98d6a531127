/**
 * Splits a command line into words, as bash does for commands that browsers copy: quotes, `$'…'`, escapes, and lines
 * that continue after a backslash. Variables and substitutions stay as they are: nothing is executed.
 *
 * @module
 */

/**
 * Returns the words of the first command: up to `;`, `|`, `&` or a line break outside of quotes.
 *
 * Throws a SyntaxError if a quote is not closed. Takes linear time.
 */
export function shellWords(text: string): string[] {
  const words: string[] = []
  let word: string | undefined
  let at = 0
  while (at < text.length) {
    const char = text[at] as string
    if (char === '\\') {
      const lineBreak = /^\\(?:\r\n|\n)/.exec(text.slice(at, at + 3))
      if (!lineBreak) word = `${word ?? ''}${text[at + 1] ?? ''}`
      at += lineBreak ? lineBreak[0].length : 2
    } else if (char === ' ' || char === '\t' || char === '\r') {
      if (word !== undefined) words.push(word)
      word = undefined
      at++
    } else if (';|&\n'.includes(char)) {
      if (word !== undefined || words.length > 0) break
      at++
    } else {
      const part = partAt(text, at)
      word = `${word ?? ''}${part.value}`
      at = part.end
    }
  }
  return word === undefined ? words : [...words, word]
}

interface Part {
  readonly value: string
  readonly end: number
}

function partAt(text: string, at: number): Part {
  if (text[at] === "'") return singleQuoted(text, at + 1)
  if (text[at] === '"') return doubleQuoted(text, at + 1)
  if (text.startsWith("$'", at)) return ansiQuoted(text, at + 2)
  const plain = /[^\s\\'";|&$]+|\$/y
  plain.lastIndex = at
  const [value = text[at] as string] = plain.exec(text) ?? []
  return { value, end: at + value.length }
}

function singleQuoted(text: string, start: number): Part {
  const end = text.indexOf("'", start)
  if (end < 0) throw unclosed("'")
  return { value: text.slice(start, end), end: end + 1 }
}

function doubleQuoted(text: string, start: number): Part {
  // A backslash escapes only these (POSIX, 2.2.3).
  const [value, end] = untilQuote(text, start, '"', escaped => {
    if (escaped === '\n') return ''
    return '"\\$`'.includes(escaped) ? escaped : `\\${escaped}`
  })
  return { value, end }
}

const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  a: '\x07',
  b: '\b',
  e: '\x1b',
  f: '\f',
  v: '\v',
}

function ansiQuoted(text: string, start: number): Part {
  const [raw, end] = untilQuote(text, start, "'", escaped => `\\${escaped}`)
  const value = raw.replace(
    /\\(?:u([\da-f]{1,4})|U([\da-f]{1,8})|x([\da-f]{1,2})|([0-7]{1,3})|(.))/gis,
    (_, ...groups: (string | undefined)[]) => {
      const [short, long, hex, octal, char = ''] = groups
      const digits = short ?? long ?? hex
      if (digits !== undefined) return characterOf(Number.parseInt(digits, 16))
      if (octal !== undefined) return characterOf(Number.parseInt(octal, 8))
      return Object.hasOwn(escapes, char) ? (escapes[char] as string) : char
    },
  )
  return { value, end }
}

function characterOf(code: number): string {
  return code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd'
}

function untilQuote(
  text: string,
  start: number,
  quote: string,
  replace: (escaped: string) => string,
): [value: string, end: number] {
  const parts: string[] = []
  let from = start
  for (let at = start; at < text.length; at++) {
    if (text[at] === quote) return [parts.join('') + text.slice(from, at), at + 1]
    if (text[at] !== '\\') continue
    parts.push(text.slice(from, at), replace(text[at + 1] ?? ''))
    at++
    from = at + 1
  }
  throw unclosed(quote)
}

function unclosed(quote: string): SyntaxError {
  return new SyntaxError(`a quote ${quote} is not closed`)
}
