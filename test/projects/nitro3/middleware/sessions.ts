import { sessions } from 'silverback/h3'
import { sources } from '../sources.ts'

export default sessions(sources)
