import { cookies } from 'next/headers'
import { defineSession, ServerStore, type SessionDefinition } from 'silverback'
import { filesystem } from 'silverback/filesystem'
import { type Inspector, inspector } from 'silverback/inspector'
import { sessions } from 'silverback/next'

export interface Login {
  cart?: string[]
  visits?: number
}

interface Shared {
  store: ServerStore
  login: SessionDefinition<Login>
  panel: Inspector
}

function open(): Shared {
  const store = new ServerStore(filesystem(process.env.SESSION_FOLDER ?? '.sessions'))
  const login = defineSession<Login>(store, 'login')
  return { store, login, panel: inspector({ stores: { login }, authorize: () => true }) }
}

// Next.js loads this module once for pages, and again for route handlers.
const globals = globalThis as { sessions?: Shared }
globals.sessions ??= open()

export const { store, login, panel } = globals.sessions
export const logins = sessions(login, { cookies })
