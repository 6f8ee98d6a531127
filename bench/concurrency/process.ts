/** One of the processes: does the task it is sent, and answers what it remembers. */

import { type Task, Visited } from './visits.ts'

process.once('message', async (task: Task) => {
  const visited = await Visited.open(task.place, task.address)
  // All begin together, when each is ready.
  process.send?.('ready')
  await new Promise(resolve => process.once('message', resolve))
  process.send?.(await visited.work(task))
  await visited.close()
  process.disconnect()
})
