/**
 * Questions before something that cannot be undone.
 *
 * @module
 */

import type { Context } from './command.ts'
import { FailedError, UsageError } from './exit-codes.ts'

/** The argument that replaces the question. */
export const yesArg = {
  yes: { type: 'boolean', alias: 'y', description: 'Do not ask' },
} as const

/** Throws a UsageError if nobody can be asked, and `--yes` is missing. */
export function assertCanConfirm({ yes }: { yes?: boolean | undefined }, context: Context): void {
  if (yes || context.isInteractive) return
  throw new UsageError(
    'This needs a confirmation, and there is no terminal to ask for it. Pass --yes.',
  )
}

/** Asks, unless `--yes` is set. Rejects with a FailedError if the person does not agree. */
export async function confirmed(
  message: string,
  { yes }: { yes?: boolean | undefined },
  { signal }: Context,
): Promise<void> {
  if (yes) return
  const { confirm, isCancel } = await import('@clack/prompts')
  const answer = await confirm({ message, initialValue: false, signal })
  if (isCancel(answer) || !answer) throw new FailedError('Nothing was done.')
}
