/** The guides in docs/migrate whose apps need no server: both programs compile, and visitors stay signed in. */

import { randomBytes } from 'node:crypto'
import { suite, test } from 'node:test'
import * as reactRouter from 'react-router'
import { type Routes, serveRoutes } from '../adapters/apps/react-router.ts'
import {
  compile,
  migrate,
  type RunApp,
  readGuide,
  submit,
  testGuide,
  visitor,
  writeProgram,
} from './guide.ts'

const secret = (): string => randomBytes(32).toString('base64')

testGuide('cookie-session', () => ({ OLD_KEY: secret() }))
testGuide('koa-session', () => ({ OLD_KEY: secret() }))
testGuide('iron-session', () => ({ OLD_PASSWORD: secret() }))
testGuide('h3', () => ({ OLD_PASSWORD: secret() }))
testGuide('fastify-secure-session', () => ({ OLD_KEY: secret() }))

suite('guide: from react-router', () => {
  const guide = readGuide('react-router')

  test('both programs compile', () => compile(guide))

  test('visitors stay signed in', async () => {
    process.env.SESSION_KEY ??= secret()
    process.env.OLD_SECRET ??= secret()
    await migrate(runRoutes('before'), runRoutes('after'), {
      show: visitor.show,
      signIn: (jar, origin, user) => submit(jar, origin, { user }),
      signOut: (jar, origin) => submit(jar, origin),
    })
  })

  /** Runs the route of a program in framework mode. */
  function runRoutes(part: 'before' | 'after'): RunApp {
    return async use => {
      const path = writeProgram(guide, `${part}.ts`, guide[part])
      const { loader, action, middleware } = await import(path)
      const routes = { root: { middleware }, any: { loader, action } } as Routes
      const app = await serveRoutes(reactRouter, routes)
      try {
        await use(app.origin.replace('127.0.0.1', 'localhost'))
      } finally {
        await app.close()
      }
    }
  }
})
