/** A visitor of the inspector who sends the forms of its pages. */

import assert from 'node:assert/strict'
import type { Session } from 'silverback'
import { type Inspector, type InspectorOptions, inspector } from 'silverback/inspector'

const origin = 'https://app.example'

/** Elements whose content is the text of hidden fields. */
const hiddenField = /<input type="hidden" name="([^"]+)" value="([^"]*)">/g

export class Operator {
  readonly panel: Pick<Inspector, 'fetch'>
  cookie = ''

  constructor(panel: Pick<Inspector, 'fetch'>) {
    this.panel = panel
  }

  async send(query: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers)
    if (this.cookie && !headers.has('cookie')) headers.set('cookie', this.cookie)
    const response = await this.panel.fetch(
      new Request(`${origin}/admin/sessions${query}`, { ...init, headers }),
    )
    const [line] = response.headers.getSetCookie()
    if (line) this.cookie = line.split(';', 1)[0] as string
    return response
  }

  /** The HTML of a page, which must have this status. */
  async page(query: string, status = 200): Promise<string> {
    const response = await this.send(query)
    const html = await response.text()
    assert.equal(response.status, status, html)
    return html
  }

  /** Sends fields as a browser on a page of the same origin does. */
  post(
    fields: Readonly<Record<string, string>>,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    return this.send('', {
      method: 'POST',
      headers: { origin, 'sec-fetch-site': 'same-origin', ...headers },
      body: new URLSearchParams(fields),
    })
  }

  /** Sends the form of a page that has this action, with other fields. */
  async submit(
    html: string,
    action: string,
    fields: Readonly<Record<string, string>> = {},
  ): Promise<Response> {
    return this.post({ ...formOf(html, action), ...fields })
  }
}

/** The hidden fields of the form with this action. */
export function formOf(html: string, action: string): Record<string, string> {
  for (const [form] of html.matchAll(/<form method="post".*?<\/form>/gs)) {
    const fields = Object.fromEntries(
      [...form.matchAll(hiddenField)].map(([, name, value]) => [name, unescaped(value as string)]),
    )
    if (fields.action === action) return fields
  }
  throw new assert.AssertionError({ message: `the page has no form ${action}` })
}

/** The HTML without nonces, tokens and handles: they are random, so that they may contain any short text. */
export function withoutRandom(html: string): string {
  return html.replaceAll(/[\w-]{43,}/g, '')
}

export function unescaped(html: string): string {
  const entities = { lt: '<', gt: '>', quot: '"', '#39': "'", amp: '&' }
  return html.replace(
    /&(lt|gt|quot|#39|amp);/g,
    (_, name) => entities[name as keyof typeof entities],
  )
}

/** An inspector that admits everybody, and its operator. */
export function operate(options: InspectorOptions): Operator {
  const onError = (error: unknown): never => {
    throw error
  }
  return new Operator(inspector({ authorize: () => true, onError, ...options }))
}

/** Signs in, from a device. */
export function signIn(owner: string, values: object = {}): (session: Session) => void {
  return session => {
    session.login(owner)
    Object.assign(session.values, values)
  }
}
