import { sessions } from 'silverback/astro'
import { login } from './sessions'

const saveOnError = process.env.SAVE_ON_ERROR === 'discard' ? 'discard' : 'keep'

export const onRequest = sessions(login, { saveOnError })
