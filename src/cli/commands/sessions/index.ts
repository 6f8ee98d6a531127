/**
 * `silverback sessions`.
 *
 * @module
 */

import type { Command, CommandGroup } from '../../lib/command.ts'

const group: CommandGroup = {
  description: 'List, show, count and end the sessions of a store',
  commands: new Map<string, () => Promise<Command | CommandGroup>>([
    ['list', async () => (await import('./list.ts')).default],
    ['show', async () => (await import('./show.ts')).default],
    ['count', async () => (await import('./count.ts')).default],
    ['revoke', async () => (await import('./revoke.ts')).default],
    ['revoke-all', async () => (await import('./revoke-all.ts')).default],
    ['revoke-everything', async () => (await import('./revoke-everything.ts')).default],
    ['prune', async () => (await import('./prune.ts')).default],
  ]),
}

export default group
