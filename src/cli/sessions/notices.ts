/**
 * Notices of ended sessions, as stores publish them.
 *
 * @module
 */

/** What has ended. */
export type Ending =
  /** A session, by the handles that it had. */
  | { readonly type: 'session'; readonly handles: readonly string[] }
  /** All sessions of an owner except those with the handles. The owner is a hash. */
  | { readonly type: 'owner'; readonly owner: string; readonly except: readonly string[] }
  | { readonly type: 'everything' }

/** Returns what a notice reports; undefined for others, since any program can publish on the channel. */
export function endingIn(notice: string): Ending | undefined {
  const { ended, owner, except, everything } = parsed(notice)
  if (everything === true) return { type: 'everything' }
  if (isTexts(ended)) return { type: 'session', handles: ended }
  if (typeof owner === 'string' && isTexts(except)) return { type: 'owner', owner, except }
  return undefined
}

function parsed(text: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(text))
  } catch {
    return {}
  }
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(each => typeof each === 'string')
}
