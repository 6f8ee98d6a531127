/** Visits the demo without a browser. */

import { after } from 'node:test'
import { CookieJar } from 'silverback/testing'
import { type RunningDemo, startDemo } from '../../src/demo/start.ts'

/** Starts the demo on a free port, for the tests of this file. */
export async function demoForTests(): Promise<RunningDemo> {
  const demo = await startDemo({ port: 0 })
  after(() => demo.close())
  return demo
}

/** A visitor with cookies of their own. */
export class Visitor {
  readonly jar: CookieJar
  readonly #origin: string

  constructor(url: string) {
    this.#origin = url
    this.jar = new CookieJar({ origin: url })
  }

  /** The page at a path, with its text as a browser shows it. */
  async visit(path: string): Promise<Shown> {
    return shown(await this.jar.fetch(path))
  }

  /** Submits a form, as a browser does from the page of the demo, and follows the redirect. */
  async submit(path: string, fields: Readonly<Record<string, string>>): Promise<Shown> {
    const body = new URLSearchParams(fields)
    const headers = { origin: this.#origin }
    return shown(await this.jar.fetch(path, { method: 'POST', body, headers }))
  }
}

/** A page. */
export interface Shown {
  readonly status: number
  readonly html: string
  /** The text without tags, in one line. */
  readonly text: string
}

async function shown(response: Response): Promise<Shown> {
  const html = await response.text()
  const text = html.replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ')
  return { status: response.status, html, text }
}

/** The value of the first attribute of this name after a place in the HTML. */
export function attributeAfter(html: string, place: string, name: string): string {
  const found = new RegExp(`${name}="([^"]*)"`).exec(html.slice(html.indexOf(place)))
  return found?.[1] ?? ''
}
