/**
 * The Redis server of the benchmark, and what an app sends to it.
 *
 * @module
 */

import { type RedisServer, startRedis } from '../../test/support/services/redis-server.ts'

export interface BenchRedis {
  readonly url: string
  /** Returns the commands and bytes that the function's requests have caused. */
  traffic(run: () => Promise<unknown>): Promise<Traffic>
  stop(): Promise<void>
}

export interface Traffic {
  /** Calls by name of the command, those inside scripts included. */
  readonly calls: Readonly<Record<string, number>>
  /** Bytes that the server has received. */
  readonly received: number
  /** Bytes that the server has sent. */
  readonly sent: number
}

/** Starts a server that keeps its data in memory only, so that the disk is not measured. */
export async function startBenchRedis(): Promise<BenchRedis> {
  const server = await startRedis('--appendonly', 'no')
  return {
    url: `redis://127.0.0.1:${server.port}`,
    async traffic(run) {
      // Reading the counters is itself counted.
      const [earlier, before] = [countersOf(server), countersOf(server)]
      const reading = difference(before, earlier)
      await run()
      return difference(difference(countersOf(server), before), reading)
    },
    stop: () => server.stop(),
  }
}

function countersOf(server: RedisServer): Traffic {
  const text = server.cli('info', 'everything')
  const number = (field: string): number =>
    Number(new RegExp(`^${field}:(\\d+)`, 'm').exec(text)?.[1])
  const calls = text.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)
  return {
    calls: Object.fromEntries([...calls].map(([, name, count]) => [name, Number(count)])),
    received: number('total_net_input_bytes'),
    sent: number('total_net_output_bytes'),
  }
}

function difference(after: Traffic, before: Traffic): Traffic {
  const calls = Object.entries(after.calls)
    .map(([name, count]) => [name, count - (before.calls[name] ?? 0)] as const)
    .filter(([, count]) => count !== 0)
  return {
    calls: Object.fromEntries(calls),
    received: after.received - before.received,
    sent: after.sent - before.sent,
  }
}
