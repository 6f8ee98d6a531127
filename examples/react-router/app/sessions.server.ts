import { defineSession, ServerStore } from 'silverback'
import { memory } from 'silverback/memory'
import { sessions } from 'silverback/react-router'

export const store = new ServerStore(memory())

const logins = defineSession<{ cart?: string[] }>(store, 'login')

export const login = sessions(logins) // the middleware, and its context key
