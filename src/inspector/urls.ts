/**
 * URLs of the inspector. All are relative and differ in their queries only, so it works at any path.
 *
 * @module
 */

/** A URL with these parameters; undefined ones are left out. */
export function urlOf(parameters: Readonly<Record<string, string | number | undefined>>): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined && value !== '') query.set(name, String(value))
  }
  return `?${query}`
}
