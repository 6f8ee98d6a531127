import { cookies } from 'next/headers'
import { defineSession, ServerStore } from 'silverback'
import { filesystem } from 'silverback/filesystem'
import { sessions } from 'silverback/next'

export interface Login {
  cart?: string[]
  visits?: number
}

export const store = new ServerStore(filesystem(process.env.SESSION_FOLDER ?? '.sessions'))

export const logins = sessions(defineSession<Login>(store, 'login'), { cookies })
