/**
 * What is sent to sign in and out.
 *
 * @module
 */

import { parseValues } from '../../migrate/formats.ts'
import { UsageError } from '../lib/exit-codes.ts'
import type { Exchange } from './exchange.ts'
import { type Form, formsOf } from './html.ts'
import type { Body } from './recorder.ts'

/** The fields to sign in with: of a form, or of a JSON object. */
export type Credentials =
  | { readonly type: 'form'; readonly fields: URLSearchParams }
  | { readonly type: 'json'; readonly values: Readonly<Record<string, unknown>> }

/** A request that signs in or out. */
export interface Submission {
  readonly action: URL
  readonly body?: Body
}

/** Parses `name=ann&password=…`, or a JSON object. Throws a {@link UsageError} if it is neither. */
export function parseCredentials(text: string): Credentials {
  if (!text.trimStart().startsWith('{')) return { type: 'form', fields: new URLSearchParams(text) }
  const values = parseValues(text)
  if (values) return { type: 'json', values }
  // The text may contain a password.
  throw new UsageError('--form and --form-env must be fields such as name=ann, or a JSON object.')
}

/** Returns the credentials with one more field. */
export function withField(credentials: Credentials, name: string, value: string): Credentials {
  if (credentials.type === 'json') {
    return { type: 'json', values: { ...credentials.values, [name]: value } }
  }
  const fields = new URLSearchParams(credentials.fields)
  fields.set(name, value)
  return { type: 'form', fields }
}

/** The passwords that the form of a page asks for, and the credentials lack. */
export function missingPasswords(page: Exchange, credentials: Credentials): string[] {
  if (credentials.type === 'json') return []
  const fields = findForm(page, credentials.fields)?.fields ?? []
  return fields
    .filter(({ name, type }) => type === 'password' && !credentials.fields.has(name))
    .map(({ name }) => name)
}

/**
 * Fills in the form of a page, with its hidden fields, such as a CSRF token. Without a form, the credentials are sent to
 * the page itself.
 */
export function loginSubmission(page: Exchange, credentials: Credentials): Submission {
  if (credentials.type === 'json') {
    const body = { type: 'application/json', text: JSON.stringify(credentials.values) }
    return { action: page.url, body }
  }
  const form = findForm(page, credentials.fields)
  return { action: actionOf(form, page.url), body: formBody(form, credentials.fields) }
}

/** The form of a page that posts to an address, filled in. Without one, a request without a body. */
export function logoutSubmission(page: Exchange | undefined, url: URL): Submission {
  const form =
    page && postForms(page).find(each => actionOf(each, page.url).pathname === url.pathname)
  return form ? { action: url, body: formBody(form) } : { action: url }
}

/** The form that has all of the fields, or else one that asks for a password. */
function findForm(page: Exchange, given: URLSearchParams): Form | undefined {
  const forms = postForms(page)
  const names = [...given.keys()]
  return (
    forms.find(({ fields }) => names.every(name => fields.some(field => field.name === name))) ??
    forms.find(({ fields }) => fields.some(({ type }) => type === 'password'))
  )
}

function postForms({ response }: Exchange): Form[] {
  return formsOf(response?.body ?? '').filter(({ method }) => method === 'POST')
}

function actionOf(form: Form | undefined, page: URL): URL {
  const action = form?.action
  return action && URL.canParse(action, page.href) ? new URL(action, page) : page
}

function formBody(form: Form | undefined, given = new URLSearchParams()): Body {
  const hidden = (form?.fields ?? []).filter(
    ({ name, type }) => type === 'hidden' && !given.has(name),
  )
  const fields = new URLSearchParams(hidden.map(({ name, value }) => [name, value]))
  for (const [name, value] of given) fields.append(name, value)
  return { type: 'application/x-www-form-urlencoded', text: fields.toString() }
}
