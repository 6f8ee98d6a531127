/**
 * Descriptions of values for error messages. They never show the content of a value.
 *
 * @module
 */

/** The path to a value: object keys and array indexes, outermost first. */
export type Path = readonly (string | number)[]

/** A path in JavaScript syntax: `user.friends[3].birthday`, `["not an identifier"]`. */
export function describePath(path: Path): string {
  if (path.length === 0) return 'the value'
  return path
    .map((step, index) => {
      if (typeof step === 'number') return `[${step}]`
      if (!/^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(step)) return `[${JSON.stringify(step)}]`
      return index === 0 ? step : `.${step}`
    })
    .join('')
}

/** The kind of an invalid argument: `undefined`, `a string`, `an array`, `a Map`. */
export function describeKind(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (Array.isArray(value)) return 'an array'
  const name = typeof value === 'object' ? value.constructor?.name || 'object' : typeof value
  return `${/^[aeio]/i.test(name) ? 'an' : 'a'} ${name}`
}
