import { defineHandler, redirect } from 'nitro/h3'
import { count } from '../sources.ts'

export default defineHandler(event => {
  count(event.context)
  return redirect('/visit')
})
