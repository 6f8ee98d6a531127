/** Starts workerd with the worker that serves cases. */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundle } from '../../support/projects/bundle.ts'
import { freePort } from '../../support/services/free-port.ts'

/** Bundles the worker into the folder, and returns the path of its configuration. */
export async function writeWorker(folder: string): Promise<string> {
  const { outputFiles } = await bundle({
    entryPoints: [fileURLToPath(new URL('worker.ts', import.meta.url))],
  })
  writeFileSync(join(folder, 'worker.js'), outputFiles[0]?.contents ?? '')
  const config = join(folder, 'config.capnp')
  writeFileSync(config, configuration([await freePort(), await freePort()]))
  return config
}

/** The socket for cases comes last, so that all sockets are ready when it is. */
function configuration(apps: readonly number[]): string {
  const origins = apps.map(port => `http://127.0.0.1:${port}`)
  const sockets = apps.map(
    (port, index) => `
    (name = "app${index}", address = "127.0.0.1:${port}", http = (),
     service = (name = "worker", entrypoint = "app${index}")),`,
  )
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "worker", worker = .worker),
    (name = "internet", network = (allow = ["local"])),
  ],
  sockets = [${sockets.join('')}
    (name = "cases", address = "127.0.0.1:0", http = (), service = "worker"),
  ],
);
const worker :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  compatibilityDate = "2026-11-01",
  bindings = [(name = "APPS", json = ${JSON.stringify(JSON.stringify(origins))})],
);
`
}
