/** Every adapter validates its options and its sources when the app starts. */

import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { suite, test } from 'node:test'
import { CookieStore, defineSession } from 'silverback'
import { sessions as astro } from 'silverback/astro'
import { sessions as connect } from 'silverback/connect'
import { sessions as elysia } from 'silverback/elysia'
import { sessions as express } from 'silverback/express'
import { sessions as fastify } from 'silverback/fastify'
import { sessions as h3 } from 'silverback/h3'
import { sessions as h3v1 } from 'silverback/h3v1'
import { sessions as hono } from 'silverback/hono'
import { sessions as koa } from 'silverback/koa'
import { sessions as next } from 'silverback/next'
import { sessions as node } from 'silverback/node'
import { sessions as reactRouter } from 'silverback/react-router'
import { sessions as svelteKit } from 'silverback/sveltekit'
import { sessions as web } from 'silverback/web'
import { keys } from '../support/keys.ts'

const login = defineSession(new CookieStore({ keys }), 'login')
const cookies = async (): Promise<never> => assert.fail('not called')

/** Adapters whose framework has error handlers. */
const withErrorHandlers = 'saveOnError, lazy'
/** Adapters that report errors themselves. */
const reporting = 'saveOnError, lazy, onError'

interface Entry {
  /** Calls `sessions` as plain JavaScript would, with any options. */
  readonly make: (options?: object, sources?: unknown) => unknown
  readonly known: string
}

const of = (sessions: (...args: never[]) => unknown, known: string): Entry => ({
  make: (options, sources = login) => sessions(...([sources, options] as never[])),
  known,
})
const withHandler = (sessions: (...args: never[]) => unknown, known: string): Entry => ({
  make: (options, sources = login) => sessions(...([sources, () => {}, options] as never[])),
  known,
})

const adapters: Readonly<Record<string, Entry>> = {
  astro: of(astro, withErrorHandlers),
  connect: of(connect, withErrorHandlers),
  elysia: of(elysia, reporting),
  express: of(express, withErrorHandlers),
  fastify: of(fastify, withErrorHandlers),
  h3: of(h3, withErrorHandlers),
  h3v1: of(h3v1, reporting),
  hono: of(hono, withErrorHandlers),
  koa: of(koa, withErrorHandlers),
  next: {
    make: (options, sources = login) => next(sources as never, { cookies, ...options }),
    known: 'cookies, onError',
  },
  node: withHandler(node, reporting),
  'react-router': of(reactRouter, withErrorHandlers),
  sveltekit: of(svelteKit, withErrorHandlers),
  web: withHandler(web, reporting),
}

test('the table has every adapter', () => {
  const folder = new URL('../../src/adapters/', import.meta.url)
  const files = readdirSync(folder).filter(file => file.endsWith('.ts'))
  assert.deepEqual(Object.keys(adapters).sort(), files.map(file => file.replace('.ts', '')).sort())
})

for (const [name, { make, known }] of Object.entries(adapters)) {
  const names = known.split(', ')
  suite(name, () => {
    test('refuses an unknown option and lists the known ones', () => {
      const unknown = ['saveOnErr', 'on_error', 'store', 'onError'].filter(
        option => !names.includes(option),
      )
      for (const option of unknown) {
        const meant = { saveOnErr: 'saveOnError', on_error: 'onError' }[option] ?? ''
        const hint = names.includes(meant) ? ` (did you mean ${meant}?)` : ''
        assert.throws(() => make({ [option]: 'keep' }), {
          name: 'TypeError',
          message: `sessions() has no option ${option}${hint}; it has ${known}`,
        })
      }
    })

    test('refuses an invalid value of an option', () => {
      const invalid: Record<string, [value: unknown, message: string]> = {
        lazy: ['yes', 'lazy must be true or false, not a string'],
        saveOnError: ['drop', `saveOnError must be 'keep' or 'discard', not "drop"`],
        onError: ['log', 'onError must be a function, not a string'],
        cookies: [{}, 'cookies must be a function, not an Object'],
      }
      for (const option of names) {
        const [value, message] = invalid[option] as [unknown, string]
        assert.throws(() => make({ [option]: value }), { name: 'TypeError', message })
      }
    })

    test('accepts every known option, and an undefined one', () => {
      const valid: Record<string, unknown> = {
        saveOnError: 'discard',
        lazy: true,
        onError() {},
        cookies,
      }
      assert.ok(make())
      for (const option of names) {
        assert.ok(make({ [option]: valid[option] }))
        if (option !== 'cookies') assert.ok(make({ [option]: undefined }))
      }
    })

    test('refuses a source that is not a session source', () => {
      assert.throws(() => make(undefined, 'login'), {
        name: 'TypeError',
        message: 'sessions must be a definition or { store, name }, not a string',
      })
    })
  })
}
