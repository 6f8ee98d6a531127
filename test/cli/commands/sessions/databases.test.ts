import { suite } from 'node:test'
import { local } from '../../support/databases.ts'
import { sessionCommands } from '../../support/session-commands.ts'

for (const [name, start] of Object.entries(local)) {
  suite(`sessions in ${name}`, () => sessionCommands(start))
}
