/**
 * Faults: what goes wrong while visitors are at work.
 *
 * @module
 */

import { setTimeout as sleep } from 'node:timers/promises'
import type { Crashable } from '../../test/support/processes/process.ts'
import type { TcpProxy } from '../../test/support/services/tcp-proxy.ts'
import type { AppProcess } from './app-process.ts'

/** A fault. */
export interface Fault {
  readonly name: string
  /** Causes it. Resolves once its cause is gone. `random` returns numbers from 0 to 1 (exclusive). */
  cause(random: () => number): Promise<unknown>
}

/** How long something is paused, in milliseconds: shorter and longer than the timeouts of clients. */
const pause = (random: () => number): Promise<void> => sleep(200 + random() * 6800)

/** How long connections fail, in milliseconds. */
const cut = (random: () => number): Promise<void> => sleep(30 + random() * 400)

/** A server that is paused. */
export function serverPause({ signal }: Pick<Crashable, 'signal'>): Fault {
  return {
    name: 'server paused',
    async cause(random) {
      signal('SIGSTOP')
      await pause(random)
      signal('SIGCONT')
    },
  }
}

/** A server that is killed, and started again with the data on its disk. */
export function serverCrash({ crash }: Pick<Crashable, 'crash'>): Fault {
  return { name: 'server killed', cause: () => crash() }
}

/** Connections to a server that are reset, or lose their responses and are reset then. */
export function connectionFaults(proxy: TcpProxy): Fault[] {
  return [
    {
      name: 'connections reset',
      async cause(random) {
        proxy.reset()
        await cut(random)
        proxy.heal()
      },
    },
    {
      name: 'responses of the server lost',
      async cause(random) {
        proxy.loseResponses()
        await cut(random)
        proxy.heal()
      },
    },
  ]
}

/**
 * Processes of the app that are paused or killed, and visitors who disconnect.
 *
 * @param losesData - whether the app keeps the sessions in its own memory, so that it cannot be killed
 */
export function appFaults(apps: readonly AppProcess[], losesData: boolean): Fault[] {
  const oneOf = (random: () => number): AppProcess =>
    apps[Math.floor(random() * apps.length)] as AppProcess
  const faults: Fault[] = [
    {
      name: 'app process paused',
      async cause(random) {
        const app = oneOf(random)
        app.signal('SIGSTOP')
        await pause(random)
        app.signal('SIGCONT')
      },
    },
    {
      name: 'visitors disconnected',
      cause: async random => oneOf(random).disconnectVisitors(),
    },
  ]
  if (!losesData) {
    faults.push({ name: 'app process killed', cause: random => oneOf(random).crash() })
  }
  return faults
}
