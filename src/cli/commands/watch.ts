/**
 * `silverback watch`.
 *
 * @module
 */

import { ownerKey } from '../../backends/ids.ts'
import { withConnection } from '../backends/open.ts'
import { type Context, command } from '../lib/command.ts'
import { FailedError } from '../lib/exit-codes.ts'
import { printable } from '../lib/style.ts'
import { shortHandle } from '../sessions/listing.ts'
import { type Ending, endingIn } from '../sessions/notices.ts'
import { storeUrlOf, urlArg, urlEnvArg } from '../sessions/store.ts'

export default command({
  description: 'Print sessions as they end, until Ctrl-C',
  args: {
    ...urlArg,
    owner: {
      type: 'string',
      description:
        'Print only when all sessions of this owner, or all sessions of the store, are ended',
    },
    ...urlEnvArg,
  },
  async run(args, context): Promise<undefined> {
    const url = storeUrlOf(args, context)
    const { cwd, signal } = context
    const options = { cwd, signal, mayCreate: false, check: async () => undefined }
    await withConnection(url, options, async ({ pubsub }) => {
      if (!pubsub) {
        throw new FailedError(
          `${url.label} cannot report when sessions end: only Redis and PostgreSQL can. List the sessions instead.`,
        )
      }
      // Clients report a gap for their first connection as well.
      let isSubscribed = false
      const unsubscribe = await pubsub.subscribe(
        notice => {
          const ending = endingIn(notice)
          if (ending && isWanted(ending, args.owner)) print(ending, args.owner, context)
        },
        () => {
          if (isSubscribed) {
            context.remark(
              'The connection was lost. Sessions that ended in the meantime are missing.',
            )
          }
        },
      )
      isSubscribed = true
      context.remark(`Watching ${url.label}. Press Ctrl-C to stop.`)
      await aborted(signal)
      await unsubscribe()
    })
  },
})

function isWanted(ending: Ending, owner: string | undefined): boolean {
  if (owner === undefined || ending.type === 'everything') return true
  return ending.type === 'owner' && ending.owner === ownerKey(owner)
}

function print(ending: Ending, owner: string | undefined, context: Context): void {
  const time = new Date()
  const clock = context.style.dim(time.toISOString().slice(0, 19).replace('T', ' '))
  context.print(`${clock}Z  ${textOf(ending, owner)}`, { time, ...ending })
}

function textOf(ending: Ending, owner: string | undefined): string {
  if (ending.type === 'everything') return 'every session'
  if (ending.type === 'session') {
    return `session ${printable(shortHandle(ending.handles[0] ?? ''))}`
  }
  // Notices have a hash of the owner.
  const whose = owner ?? `the owner with the hash ${shortHandle(ending.owner)}`
  const { length } = ending.except
  const except = length === 0 ? '' : ', except the one that ended them'
  return `all sessions of ${printable(whose)}${except}`
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise(resolve => signal.addEventListener('abort', () => resolve(), { once: true }))
}
