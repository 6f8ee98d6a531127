/**
 * `silverback sessions show`.
 *
 * @module
 */

import { inspect } from 'node:util'
import type { SessionDetails } from '../../../stores/server-store.ts'
import { type Context, command, type Outcome } from '../../lib/command.ts'
import { exitCodes } from '../../lib/exit-codes.ts'
import { printable, table } from '../../lib/style.ts'
import { treeLines, treeOf } from '../../lib/tree.ts'
import { findHandle, jsonOf, timeOf } from '../../sessions/listing.ts'
import { handleArg, serializerArg, storeArgs, urlArg, withStore } from '../../sessions/store.ts'
import { withoutSecrets } from '../../sessions/values.ts'

export default command({
  description: 'Show one session',
  args: {
    ...handleArg,
    ...urlArg,
    values: { type: 'boolean', description: 'Show the values too, without secrets' },
    reveal: { type: 'boolean', description: 'With --values: show secrets too' },
    ...serializerArg,
    ...storeArgs,
  },
  takesHandle: true,
  async run(args, context): Promise<Outcome> {
    return withStore(args, context, async open => {
      const handle = await findHandle(args.handle, open, context.signal)
      const session = handle === undefined ? undefined : await open.store.inspect(handle)
      if (!session) return notFound(args.handle)
      if (!args.values && !args.reveal) {
        return {
          lines: details(session, context),
          json: { ...jsonOf(session), bytes: session.bytes },
        }
      }
      const { values } = session
      const shown = args.reveal ? values : withoutSecrets(values)
      const lines = values
        ? treeLines(treeOf(shown), context.style)
        : [context.style.warn(otherSerializer)]
      return {
        lines: [...details(session, context), '', ...lines],
        json: { ...jsonOf(session), bytes: session.bytes, values: plain(shown) ?? null },
      }
    })
  },
})

const otherSerializer = 'The values cannot be read with this serializer; try --serializer.'

/** The outcome for a handle of no session. */
export function notFound(handle: string): Outcome {
  return {
    lines: [`There is no session ${printable(handle)}.`],
    json: null,
    exitCode: exitCodes.problem,
  }
}

function details(session: SessionDetails, { style }: Context): string[] {
  const { handle, name, owner, label, userAgent, address, bytes } = session
  const { createdAt, lastSeenAt, expiresAt, authenticatedAt } = session
  const rows: [string, string | undefined][] = [
    ['handle', handle],
    ['name', name],
    ['owner', owner],
    ['begun', timeOf(createdAt)],
    ['last seen', timeOf(lastSeenAt)],
    ['expires', timeOf(expiresAt)],
    ['signed in', authenticatedAt && timeOf(authenticatedAt)],
    ['device', label],
    ['user agent', userAgent === label ? undefined : userAgent],
    ['address', address],
    ['values', `${bytes} bytes`],
  ]
  return table(
    rows.flatMap(([title, value]) =>
      value === undefined ? [] : [[style.dim(title), printable(value)]],
    ),
  )
}

/** What JSON can hold. Maps, dates, bytes and other types become text. */
function plain(value: unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(value, asText)) as unknown
  } catch {
    return inspect(value, { depth: 20 })
  }
}

function asText(this: unknown, _: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value)
  if (value instanceof Map || value instanceof Set || value instanceof Uint8Array) {
    return inspect(value, { depth: 20 })
  }
  return value
}
