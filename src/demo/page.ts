/**
 * The frame of the pages.
 *
 * @module
 */

import type { FlashMessage } from 'silverback'
import { type Content, type Html, html } from '../lib/html.ts'
import { highlighted } from './lib/components.ts'
import type { About, DevicePage } from './scene.ts'

/** The page with all scenes. */
export function homePage(scenes: readonly About[]): Html {
  const body = html`
    <header class="hero">
      <h1>See what a session can do</h1>
      <p>Nine scenes, each with something to click and the code that does it.
        Everything runs on this machine, and nothing is stored after you stop the demo.</p>
    </header>
    <ol class="cards">${scenes.map(
      ({ path, title, summary }) => html`
      <li><a class="card" href="${path}"><h2>${title}</h2><p>${summary[0]}</p></a></li>`,
    )}
    </ol>`
  return frame('Silverback demo', html`<main id="main">${body}</main>`, 'home')
}

/** What the page of a scene shows. */
export interface ScenePage {
  readonly about: About
  readonly scenes: readonly About[]
  readonly messages: readonly FlashMessage[]
  readonly content: Html
  /** The address that reports changes to the content, if it can change. */
  readonly live: string | undefined
}

/** The page of a scene. */
export function scenePage({ about, scenes, messages, content, live }: ScenePage): Html {
  const index = scenes.findIndex(({ path }) => path === about.path)
  const body = html`
    ${sideNavigation(scenes, about)}
    <main id="main">
      <header class="intro">
        <p class="position">Scene ${index + 1} of ${scenes.length}</p>
        <h1>${about.title}</h1>
        <p>${about.summary.join(' ')}</p>
      </header>
      ${messageList(messages)}
      ${stage(content, live)}
      <section aria-labelledby="code-heading">
        <h2 id="code-heading">The code</h2>
        <pre><code>${highlighted(about.code)}</code></pre>
      </section>
      ${neighbours(scenes, index)}
    </main>`
  return frame(
    `${about.title} · Silverback demo`,
    html`<div class="columns">${body}</div>`,
    'scene',
  )
}

/** A page that plays another device. */
export function devicePage(
  { title, body }: DevicePage,
  messages: readonly FlashMessage[],
  live: string,
): Html {
  const content = html`<main id="main" class="device">${messageList(messages)}${stage(body, live)}</main>`
  return documentOf(title, content, 'lone')
}

/** A page with a single message, such as one for an error. */
export function plainPage(title: string, detail: Content, back: string): Html {
  const body = html`
    <main id="main" class="short">
      <h1>${title}</h1>
      <p>${detail}</p>
      <p><a class="button" href="${back}">Back to the demo</a></p>
    </main>`
  return frame(`${title} · Silverback demo`, body, 'short-page')
}

function frame(title: string, body: Html, kind: string): Html {
  const content = html`
    <a class="skip" href="#main">Skip to the content</a>
    <div class="top">
      <a class="brand" href="/"><img src="/icon.svg" alt="" width="28" height="28">Silverback</a>
      <a class="all" href="/">All scenes</a>
    </div>
    ${body}`
  return documentOf(title, content, kind)
}

function documentOf(title: string, body: Html, kind: string): Html {
  return html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>${title}</title>
    <link rel="icon" href="/icon.svg" type="image/svg+xml">
    <link rel="stylesheet" href="/style.css">
    <script type="module" src="/client.js"></script>
  </head>
  <body class="${kind}">${body}</body>
</html>
`
}

function sideNavigation(scenes: readonly About[], current: About): Html {
  const links = scenes.map(({ path, title }) => {
    const mark = path === current.path ? html` aria-current="page"` : undefined
    return html`<li><a href="${path}"${mark}>${title}</a></li>`
  })
  return html`<nav class="side" aria-label="Scenes"><ol>${links}</ol></nav>`
}

function neighbours(scenes: readonly About[], index: number): Html {
  const previous = scenes[index - 1]
  const next = scenes[index + 1]
  return html`
    <nav class="neighbours" aria-label="Previous and next scene">
      ${previous && html`<a rel="prev" href="${previous.path}"><span>Previous</span>${previous.title}</a>`}
      ${next && html`<a rel="next" href="${next.path}"><span>Next</span>${next.title}</a>`}
    </nav>`
}

function messageList(messages: readonly FlashMessage[]): Html {
  return html`
    <div class="messages" role="status">${messages.map(
      ({ level, text }) => html`<p class="message ${level}">${text}</p>`,
    )}</div>`
}

function stage(content: Html, live: string | undefined): Html {
  const address = live === undefined ? undefined : html` data-live="${live}" aria-live="polite"`
  return html`<section id="stage" class="stage" aria-label="Try it"${address}>${content}</section>`
}
