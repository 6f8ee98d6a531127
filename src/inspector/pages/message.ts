/**
 * Errors, and pages that do not exist.
 *
 * @module
 */

import { html } from '../../lib/html.ts'
import { urlOf } from '../urls.ts'
import type { Page } from './layout.ts'

/** A page with a message, and a link back to the overview. */
export function messagePage(title: string, text: string): Page {
  return {
    title,
    content: html`<div class="empty"><h1>${title}</h1><p>${text}</p><p><a class="button quiet" href="${urlOf({ view: 'overview' })}">Back to the overview</a></p></div>`,
  }
}
