/**
 * The two sites of the demo: one host, two ports.
 *
 * @module
 */

import type { IncomingMessage } from 'node:http'
import { requestOrigin } from 'silverback'

/** The origin of the site on another port, at the host that the visitor uses. */
export function originOnPort(request: IncomingMessage, port: number): string {
  const url = new URL(requestOrigin(request).origin ?? 'http://127.0.0.1')
  url.port = String(port)
  return url.origin
}
