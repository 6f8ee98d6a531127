import { after, suite } from 'node:test'
import { needs } from '../../../support/services/programs.ts'
import { projectWith, remove, servers } from '../../support/databases.ts'
import { sessionCommands } from '../../support/session-commands.ts'

for (const [name, { programs, drivers, start }] of Object.entries(servers)) {
  for (const driver of drivers) {
    suite(`sessions in ${name} over ${driver}`, needs(...programs), () => {
      const project = projectWith(driver)
      after(() => remove(project))
      sessionCommands(start, project)
    })
  }
}
