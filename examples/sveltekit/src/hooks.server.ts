import { sessions } from 'silverback/sveltekit'
import { login } from './sessions.server'

export const handle = sessions(login)
