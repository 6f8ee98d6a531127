/**
 * The page of another origin, for the scene with the forged form.
 *
 * @module
 */

import type { RequestListener } from 'node:http'
import { originOnPort } from './lib/origin.ts'
import { otherSitePage } from './scenes/forged-form.ts'

/** Returns the request handler of the other site, which listens on another port of the same host. */
export function otherSite(demoPort: () => number): RequestListener {
  return (request, response) => {
    const origin = originOnPort(request, demoPort())
    const page = otherSitePage(origin)
    response.setHeader(
      'Content-Security-Policy',
      `default-src 'none'; img-src data:; form-action ${origin}`,
    )
    response.setHeader('Content-Type', 'text/html; charset=utf-8')
    response.end(page.text)
  }
}
