import { sessions } from 'silverback/astro'
import { login } from './sessions'

export const onRequest = sessions(login)
