import { sessionsPlugin } from 'silverback/h3v1'
import { sources } from '../sources.ts'

export default sessionsPlugin(sources)
