/**
 * Pieces of HTML that several scenes use.
 *
 * @module
 */

import { type Content, type Html, html } from '../../lib/html.ts'

/** A button that submits its form as an action. */
export function button(
  action: string,
  label: Content,
  kind: 'primary' | 'quiet' | 'danger' = 'primary',
): Html {
  return html`<button class="${kind}" name="action" value="${action}">${label}</button>`
}

/** A form with a single button. */
export function buttonForm(
  path: string,
  action: string,
  label: Content,
  kind?: 'primary' | 'quiet' | 'danger',
): Html {
  return html`<form method="post" action="${path}">${button(action, label, kind)}</form>`
}

/** A word that sums up an outcome. */
export function chip(kind: 'good' | 'bad' | 'plain', label: Content): Html {
  return html`<span class="chip ${kind}">${label}</span>`
}

/** A list of facts: pairs of a name and a value. */
export function facts(...pairs: readonly (readonly [name: Content, value: Content])[]): Html {
  return html`<dl class="facts">${pairs.map(
    ([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`,
  )}</dl>`
}

/** The beginning and the end of a cookie value: enough to recognise it, too little to use it. */
export function abbreviated(value: string): Html {
  const short = value.length > 16 ? `${value.slice(0, 7)}…${value.slice(-5)}` : value
  return html`<code class="value">${short}</code>`
}

/** TypeScript with its comments, strings and keywords marked. */
export function highlighted(code: string): Content[] {
  const tokens =
    /(?<comment>\/\/.*)|(?<string>'[^']*'|`[^`]*`)|\b(?<keyword>const|await|async|if|return|throw|new)\b/g
  const parts: Content[] = []
  let end = 0
  for (const match of code.matchAll(tokens)) {
    const [kind] = Object.entries(match.groups ?? {}).find(([, found]) => found) ?? []
    parts.push(code.slice(end, match.index), html`<span class="${kind}">${match[0]}</span>`)
    end = match.index + match[0].length
  }
  return [...parts, code.slice(end)]
}
