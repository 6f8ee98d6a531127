/**
 * Responses, with the headers that keep pages safe and private.
 *
 * @module
 */

import type { Html } from '../lib/html.ts'
import { findAsset } from './assets/index.ts'
import { plainPage } from './pages/layout.ts'

/** For every response. */
export const securityHeaders: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  // Forms send `Origin: null` with `no-referrer`.
  'referrer-policy': 'same-origin',
  vary: 'Cookie',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'x-robots-tag': 'noindex',
}

export const closedPolicy =
  "default-src 'none'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'"

/** Only the style and the script of the inspector run, by their nonce: the origin is that of the app, with files of its own. */
export function policyOf(nonce: string): string {
  return [
    "default-src 'none'",
    `style-src 'nonce-${nonce}'`,
    `script-src 'nonce-${nonce}'`,
    "img-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; ')
}

export function send(
  page: Html,
  status: number,
  policy: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return new Response(page.text, {
    status,
    headers: {
      ...securityHeaders,
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policy,
      ...headers,
    },
  })
}

export function sendAsset(name: string, query: string): Response {
  const asset = findAsset(name, query)
  if (!asset) return notFound()
  const cache = asset.isCacheable ? 'private, max-age=31536000, immutable' : 'no-store'
  return new Response(asset.content, {
    headers: {
      ...securityHeaders,
      'content-type': asset.type,
      'content-security-policy': closedPolicy,
      'cache-control': cache,
    },
  })
}

/** As for a path that does not exist: those who may not see the inspector do not learn that it is there. */
export function notFound(): Response {
  return send(plainPage('Not found', ''), 404, closedPolicy)
}

export function notLocal(): Response {
  const text =
    'Without the option authorize, the inspector is served to this machine only, at localhost.'
  return send(plainPage('Not allowed', text), 403, closedPolicy)
}

/** Also for a Response of another realm. */
export function isResponse(value: unknown): value is Response {
  return Object.prototype.toString.call(value) === '[object Response]'
}
