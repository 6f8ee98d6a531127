import { defineHandler, HTTPError } from 'nitro/h3'
import { count } from '../sources.ts'

export default defineHandler(event => {
  count(event.context)
  throw new HTTPError({ status: 404 })
})
