/** Backends whose clients resend commands, behind a proxy that loses responses. */

import type { Backend } from 'silverback'
import type { OpenBackend } from 'silverback/testing'
import { startProxy } from './tcp-proxy.ts'

/** A backend with a client of its own. */
interface Opened<B extends Backend> {
  readonly backend: B
  close?(): void
}

/**
 * Opens a backend whose client reaches the server on this port through a proxy, for the tests of resent writes
 * in `backendSuite`.
 */
export async function openResending<B extends Backend>(
  port: number,
  connect: (port: number) => Promise<Opened<B>> | Opened<B>,
): Promise<OpenBackend & { readonly backend: B }> {
  const proxy = await startProxy(port)
  const [behind, direct] = await Promise.all([connect(proxy.port), connect(port)])
  return {
    backend: behind.backend,
    resending: {
      direct: direct.backend,
      loseResponses: () => proxy.loseResponses(),
      restore: () => proxy.heal(),
    },
    async close() {
      behind.close?.()
      direct.close?.()
      await proxy.stop()
    },
  }
}
