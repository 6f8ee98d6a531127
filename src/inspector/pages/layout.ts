/**
 * What every page has around its content.
 *
 * @module
 */

import { type Content, type Html, html } from '../../lib/html.ts'
import { assetUrls } from '../assets/index.ts'
import type { StoreView } from '../store-view.ts'
import { urlOf } from '../urls.ts'
import type { Visitor } from '../visitor.ts'

/** What pages are made from. */
export interface Scene {
  readonly views: readonly StoreView[]
  readonly visitor: Visitor
  /** Allows the style and the script in the content security policy. */
  readonly nonce: string
  /** The current time, in milliseconds. */
  readonly nowMs: number
}

export type Section = 'overview' | 'sessions' | 'timeline' | 'explain'

/** A page. */
export interface Page {
  readonly title: string
  readonly section?: Section | undefined
  /** A message about an action that was carried out. */
  readonly notice?: string | undefined
  /** Whether the script should reload parts of it. */
  readonly isLive?: boolean
  readonly content: Content
}

const sections: readonly (readonly [Section, string])[] = [
  ['overview', 'Overview'],
  ['sessions', 'Sessions'],
  ['timeline', 'Timeline'],
  ['explain', 'Explain'],
]

/** The HTML of a page. */
export function layout(scene: Scene, page: Page): Html {
  const { nonce } = scene
  const { title, section, notice, isLive = false, content } = page
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${title} · Session inspector</title>
<link rel="icon" href="${assetUrls.icon}" type="image/svg+xml">
<link rel="stylesheet" href="${assetUrls.style}" nonce="${nonce}">
<script src="${assetUrls.script}" nonce="${nonce}" defer></script>
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header class="top-bar">
  <a class="brand" href="${urlOf({ view: 'overview' })}">${mark}<span>Session inspector</span></a>
  <nav aria-label="Pages"><ul>${sections.map(
    ([name, label]) =>
      html`<li><a href="${urlOf({ view: name })}"${section === name ? currentPage : ''}>${label}</a></li>`,
  )}</ul></nav>
  ${isLive ? html`<button type="button" class="live" id="live" hidden aria-pressed="true"><i></i><span>Live</span></button>` : undefined}
</header>
<main id="content" tabindex="-1">
${notice ? html`<p class="notice" role="status">${notice}</p>` : undefined}
${content}
</main>
</body>
</html>`
}

/** An error without details, which needs neither the style nor the script. */
export function plainPage(title: string, message: string): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
</head>
<body>
<h1>${title}</h1>
<p>${message}</p>
</body>
</html>`
}

/** Tabs to choose one of several stores. */
export function storeTabs(
  views: readonly StoreView[],
  current: StoreView,
  parameters: Readonly<Record<string, string>>,
): Html | undefined {
  if (views.length < 2) return undefined
  return html`<nav class="tabs" aria-label="Stores"><ul>${views.map(
    view =>
      html`<li><a href="${urlOf({ ...parameters, store: view.label })}"${view === current ? currentPage : ''}>${view.label}</a></li>`,
  )}</ul></nav>`
}

const currentPage = html` aria-current="page"`

const mark = html`<svg class="mark" viewBox="0 0 32 32" aria-hidden="true"><rect width="32" height="32" rx="8"></rect><path d="M7 20.5c2.2-6.6 5.2-10 9-10s6.800 3.400 9 10"></path><circle cx="12.300" cy="19.500" r="1.700"></circle><circle cx="19.700" cy="19.500" r="1.700"></circle></svg>`
