/**
 * The commands, in the order in which the help lists them.
 *
 * @module
 */

import type { Command, CommandGroup, Commands } from '../lib/command.ts'

export const commands: Commands = new Map<string, () => Promise<Command | CommandGroup>>([
  ['init', async () => (await import('./init.ts')).default],
  ['demo', async () => (await import('./demo.ts')).default],
  ['doctor', async () => (await import('./doctor.ts')).default],
  ['inspect', async () => (await import('./inspect.ts')).default],
  ['explain', async () => (await import('./explain.ts')).default],
  ['sessions', async () => (await import('./sessions/index.ts')).default],
  ['watch', async () => (await import('./watch.ts')).default],
  ['migrate', async () => (await import('./migrate.ts')).default],
  ['schema', async () => (await import('./schema.ts')).default],
  ['keygen', async () => (await import('./keygen.ts')).default],
  ['rotate-keys', async () => (await import('./rotate-keys.ts')).default],
])
