/**
 * Actions that end sessions.
 *
 * @module
 */

import { plural } from './format.ts'
import type { Ending } from './pages/confirm.ts'
import type { StoreView } from './store-view.ts'
import type { Visitor } from './visitor.ts'

const actions = ['revoke', 'revoke-others', 'revoke-owner', 'revoke-everything'] as const

/** The action of a form or of a URL; undefined unless it is complete and the store can do it. */
export function endingOf(fields: URLSearchParams, view: StoreView): Ending | undefined {
  const action = actions.find(each => each === fields.get('action'))
  const handle = fields.get('handle') || undefined
  const owner = fields.get('owner') || undefined
  switch (action) {
    case 'revoke':
      return view.canRevoke && handle ? { action, view, handle, owner } : undefined
    case 'revoke-others':
      return view.canRevoke && view.canRevokeOwner && handle
        ? { action, view, handle, owner }
        : undefined
    case 'revoke-owner':
      return view.canRevokeOwner && owner ? { action, view, owner, handle: undefined } : undefined
    case 'revoke-everything':
      return view.canRevokeEverything
        ? { action, view, owner: undefined, handle: undefined }
        : undefined
    case undefined:
      return undefined
  }
}

/** What the token of a form is for: it works for no other action, session or owner. */
export function formOf({ action, view, handle = '', owner = '' }: Ending): readonly string[] {
  return [action, view.label, handle, owner]
}

/** Resolves to how many sessions were ended, if the store knows. */
export async function endSessions({
  action,
  view,
  handle,
  owner,
}: Ending): Promise<number | undefined> {
  switch (action) {
    case 'revoke':
      return view.revoke(handle as string)
    case 'revoke-others':
      return view.revokeOwner(owner as string, handle)
    case 'revoke-owner':
      return view.revokeOwner(owner as string)
    case 'revoke-everything':
      await view.revokeEverything()
      return undefined
  }
}

/** The message of an action that this visitor has carried out: a link from elsewhere shows none. */
export function noticeOf(done: string | null, visitor: Visitor): string | undefined {
  const [action = '', count = '', token] = done?.split('.', 3) ?? []
  if (!actions.some(each => each === action) || !visitor.verify(token, 'done', action, count))
    return undefined
  if (action === 'revoke-everything') return 'Every session was revoked.'
  if (count === '') return 'The sessions were revoked.'
  return count === '0'
    ? 'There was nothing left to revoke.'
    : `Revoked ${plural(Number(count), 'session')}.`
}
