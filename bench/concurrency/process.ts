/** One of the processes: does the task it is sent, and answers what it remembers. */

import { type Task, Visited } from './visits.ts'

process.once('message', async (task: Task) => {
  const visited = await Visited.open(task.place, task.address)
  // All begin together, when each is ready.
  process.send?.('ready')
  await new Promise(resolve => process.once('message', resolve))
  const entries = await visited.work(task)
  await visited.close()
  // What is still on its way when the channel closes would be lost.
  await new Promise(resolve => process.send?.(entries, resolve))
  process.disconnect()
})
