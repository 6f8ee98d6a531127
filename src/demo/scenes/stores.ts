/** Stores: the same session in a cookie, in memory and in a file. */

import { randomBytes } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type Capability,
  CookieStore,
  defineSession,
  FilesystemStore,
  flash,
  ServerStore,
  type Session,
} from 'silverback'
import { memory } from 'silverback/memory'
import { type Html, html } from '../../lib/html.ts'
import type { Demo } from '../demo.ts'
import { button, facts } from '../lib/components.ts'
import { cookieAfter } from '../lib/cookies.ts'
import { type Scene, scene, type Visit } from '../scene.ts'

const path = '/stores'

interface Basket {
  products?: string[]
  since?: Date
}

const kinds = { cookie: 'Cookie', memory: 'Memory', file: 'File' }
type Kind = keyof typeof kinds

const products = ['Apples', 'Bread', 'Cheese', 'Dates', 'Eggs', 'Figs']

export function stores({ folder }: Demo): Scene {
  const keys = [randomBytes(32)]
  const options = { path, secure: 'auto' } as const
  const sources = {
    cookie: defineSession<Basket>(new CookieStore({ keys, options }), 'demo-basket-c'),
    memory: defineSession<Basket>(new ServerStore(memory(), { options }), 'demo-basket-m'),
    file: defineSession<Basket>(new FilesystemStore(folder, { keys, options }), 'demo-basket-f'),
  }

  return scene({
    path,
    title: 'Change the store',
    summary: [
      'A session is used in the same way whether it lives in its cookie, in memory, in a file or in a database.',
      'Move your session to another store and back: its values are kept, with their types.',
    ],
    code: `next.mergeFrom(current) // all its values
current.destroy()`,
    sessions: sources,

    async show(visit) {
      const kind = currentKind(visit)
      const session = visit.sessions[kind]
      session.values.since ??= new Date()
      // Saved now and not with the response, so that the page can show what was saved.
      await session.save(visit.request, visit.response)
      const { products: list = [], since } = session.values
      return html`
        <form method="post" action="${path}" class="switch" role="group" aria-label="Store">
          <input type="hidden" name="action" value="move">
          ${Object.entries(kinds).map(([key, label]) => moveButton(key, label, key === kind))}
        </form>
        ${facts(
          ['Products', list.length > 0 ? list.join(', ') : 'none yet'],
          ['Since', html`${since.toISOString()} <span class="hint">a Date, not a string</span>`],
          ['Your browser keeps', browserPart(visit, kind)],
          ['The server keeps', await serverPart(kind, session)],
          ['Capabilities', capabilityList(sources[kind].store.capabilities ?? new Set())],
        )}
        <form method="post" action="${path}">${button('add', 'Add a product', 'quiet')}</form>`
    },

    actions: {
      add(visit) {
        const session = visit.sessions[currentKind(visit)]
        const { products: list = [] } = session.values
        session.push('products', products[list.length % products.length] as string)
      },
      move(visit, form) {
        const to = form.get('to') ?? ''
        const kind = currentKind(visit)
        if (!isKind(to) || to === kind) return
        const [current, next] = [visit.sessions[kind], visit.sessions[to]]
        next.mergeFrom(current) // all its values
        current.destroy()
        visit.notify(flash.success(`Moved to the store “${kinds[to]}”.`))
      },
    },
  })

  /** The store that has the visitor's session; the cookie store for a new visitor. */
  function currentKind({ sessions }: Visit<typeof sources>): Kind {
    return (Object.keys(kinds) as Kind[]).find(kind => !sessions[kind].isNew) ?? 'cookie'
  }

  async function serverPart(kind: Kind, { id }: Session<Basket>): Promise<string> {
    if (kind === 'cookie') return 'nothing but the key'
    if (kind === 'memory') return 'a record in memory, which ends with the process'
    const { size } = await stat(join(folder, `session_${id}`))
    return `an encrypted file of ${size} bytes`
  }

  function browserPart({ request, response }: Visit<typeof sources>, kind: Kind): string {
    const value = cookieAfter(request, response, sources[kind].name) ?? ''
    const content = kind === 'cookie' ? 'all values, encrypted' : 'an id'
    return `a cookie of ${value.length} bytes: ${content}`
  }
}

function isKind(kind: string): kind is Kind {
  return Object.hasOwn(kinds, kind)
}

function moveButton(kind: string, label: string, isCurrent: boolean): Html {
  return html`<button name="to" value="${kind}" aria-pressed="${String(isCurrent)}">${label}</button>`
}

function capabilityList(capabilities: ReadonlySet<Capability>): Html {
  return html`<ul class="tags">${[...capabilities].map(each => html`<li>${each}</li>`)}</ul>`
}
