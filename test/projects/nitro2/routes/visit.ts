import { count } from '../sources.ts'

export default eventHandler(event => count(event.context))
