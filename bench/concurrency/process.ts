/** A worker process: performs the task its parent sends, and sends its log back. */

import { type Task, TestedApp } from './workers.ts'

process.once('message', async (task: Task) => {
  const app = await TestedApp.open(task.store, task.address)
  // The parent starts all processes together, once all are ready.
  process.send?.('ready')
  await new Promise(resolve => process.once('message', resolve))
  const entries = await app.work(task)
  await app.close()
  // Disconnecting before the message has been sent would lose it.
  await new Promise(resolve => process.send?.(entries, resolve))
  process.disconnect()
})
