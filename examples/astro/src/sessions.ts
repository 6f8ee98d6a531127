import { defineSession, ServerStore } from 'silverback'
import { memory } from 'silverback/memory'

export const store = new ServerStore(memory())
export const login = defineSession<{ visits: number }>(store, 'login')
