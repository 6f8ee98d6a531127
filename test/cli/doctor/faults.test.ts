/** The doctor finds the fault of each app, and nothing else. */

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Code } from '../../../src/cli/doctor/codes.ts'
import { cookieSessionApp } from './apps/cookie-session.ts'
import { expressSessionApp } from './apps/express-session.ts'
import { fastifySessionApp } from './apps/fastify-session.ts'
import { ironSessionApp } from './apps/iron-session.ts'
import { plainApp } from './apps/plain.ts'
import { silverbackApp } from './apps/silverback.ts'
import type { Site } from './apps/site.ts'
import { codesOf, examine, signIn } from './support.ts'

interface Case {
  readonly app: string
  readonly start: () => Promise<Site>
  /** Options besides the sign-in. */
  readonly args?: readonly string[]
  readonly finds: readonly Code[]
}

const proxy = ['--behind-proxy']
const weekday = new Date(Date.now() + 86_400_000).toUTCString()
let serial = 1000
let prefix = 0

const cases: readonly Case[] = [
  { app: 'express-session without faults', start: () => expressSessionApp(), finds: [] },
  {
    app: 'express-session without faults, behind a proxy',
    start: () => expressSessionApp(),
    args: proxy,
    finds: [],
  },
  {
    app: 'express-session with httpOnly: false',
    start: () => expressSessionApp({ cookie: { httpOnly: false } }),
    finds: ['not-http-only'],
  },
  {
    app: 'express-session without sameSite',
    start: () => expressSessionApp({ cookie: { sameSite: undefined } }),
    finds: ['no-same-site'],
  },
  {
    app: 'express-session with sameSite none, not secure',
    start: () => expressSessionApp({ cookie: { sameSite: 'none' } }),
    finds: ['same-site-none-insecure'],
  },
  {
    app: 'express-session with secure: false',
    start: () => expressSessionApp({ cookie: { secure: false } }),
    finds: ['not-secure-behind-proxy'],
  },
  {
    app: 'express-session with secure: false, behind a proxy',
    start: () => expressSessionApp({ cookie: { secure: false } }),
    args: proxy,
    finds: ['not-secure'],
  },
  {
    app: 'express-session with a domain',
    start: () => expressSessionApp({ cookie: { domain: 'localhost' } }),
    finds: ['wide-domain'],
  },
  {
    app: 'express-session with the domain of another site',
    start: () => expressSessionApp({ cookie: { domain: 'example.com' } }),
    finds: ['domain-mismatch'],
  },
  {
    app: 'express-session with a lifetime in the wrong unit',
    start: () => expressSessionApp({ cookie: { maxAge: 86_400_000 * 1000 } }),
    finds: ['long-lifetime'],
  },
  {
    app: 'express-session with saveUninitialized',
    start: () => expressSessionApp({ options: { saveUninitialized: true } }),
    finds: ['session-for-everyone'],
  },
  {
    app: 'express-session with rolling',
    start: () => expressSessionApp({ options: { rolling: true } }),
    finds: ['set-on-every-request'],
  },
  {
    app: 'express-session without Cache-Control on the sign-in page',
    start: () => expressSessionApp({ cacheControl: { '/login': '' } }),
    finds: ['cacheable-set-cookie'],
  },
  {
    app: 'express-session with a public sign-in page',
    start: () => expressSessionApp({ cacheControl: { '/login': 'public, max-age=60' } }),
    finds: ['cacheable-set-cookie'],
  },
  {
    app: 'express-session without Cache-Control on the account page',
    start: () => expressSessionApp({ cacheControl: { '/account': '' } }),
    finds: ['cacheable-private-page'],
  },
  {
    app: 'express-session without regenerate',
    start: () => expressSessionApp({ keepsIdAtLogin: true }),
    finds: ['session-fixation'],
  },
  {
    app: 'express-session that only clears the cookie',
    start: () => expressSessionApp({ onlyClearsCookie: true }),
    finds: ['logout-replay'],
  },
  {
    app: 'express-session behind middleware that fails on malformed cookies',
    start: () =>
      expressSessionApp({
        before: (request, _, next) => {
          decodeURIComponent(request.headers.cookie ?? '')
          next()
        },
      }),
    finds: ['bad-cookie-error'],
  },
  {
    app: 'express-session behind middleware that crashes on long cookies',
    start: () =>
      expressSessionApp({
        before: (request, response, next) => {
          if (/=one/.test(request.headers.cookie ?? '')) response.socket?.destroy()
          else next()
        },
      }),
    finds: ['bad-cookie-error'],
  },

  { app: 'iron-session without faults', start: () => ironSessionApp(), finds: [] },
  {
    app: 'iron-session without faults, behind a proxy',
    start: () => ironSessionApp(),
    args: proxy,
    finds: [],
  },
  {
    app: 'iron-session with httpOnly: false',
    start: () => ironSessionApp({ cookieOptions: { httpOnly: false } }),
    finds: ['not-http-only'],
  },
  {
    app: 'iron-session with secure: false, behind a proxy',
    start: () => ironSessionApp({ cookieOptions: { secure: false } }),
    args: proxy,
    finds: ['not-secure'],
  },
  {
    app: 'iron-session with sameSite none',
    start: () => ironSessionApp({ cookieOptions: { sameSite: 'none', secure: true } }),
    finds: ['same-site-none'],
  },
  {
    app: 'iron-session with a prefix whose rules it breaks',
    start: () =>
      ironSessionApp({
        options: { cookieName: '__Host-app' },
        cookieOptions: { secure: true, domain: undefined, path: '/account' },
      }),
    finds: ['narrow-path', 'prefix-violated'],
  },
  {
    app: 'iron-session with a long ttl',
    start: () => ironSessionApp({ options: { ttl: 500 * 86_400 } }),
    finds: ['long-lifetime'],
  },
  {
    app: 'iron-session with a public cache',
    start: () => ironSessionApp({ cacheControl: 'public' }),
    finds: ['cacheable-private-page', 'cacheable-set-cookie'],
  },
  {
    app: 'iron-session that only clears the cookie',
    start: () => ironSessionApp({ onlyClearsCookie: true }),
    finds: ['logout-replay'],
  },

  { app: 'Silverback on the server without faults', start: () => silverbackApp(), finds: [] },
  {
    app: 'Silverback on the server without faults, behind a proxy',
    start: () => silverbackApp(),
    args: proxy,
    finds: [],
  },
  {
    app: 'Silverback in cookies without faults',
    start: () => silverbackApp({ store: 'cookie' }),
    finds: [],
  },
  {
    app: 'Silverback with httpOnly: false',
    start: () => silverbackApp({ options: { httpOnly: false } }),
    finds: ['not-http-only'],
  },
  {
    app: 'Silverback without sameSite',
    start: () => silverbackApp({ options: { sameSite: undefined } }),
    finds: ['no-same-site'],
  },
  {
    app: 'Silverback with secure: false, behind a proxy',
    start: () => silverbackApp({ store: 'cookie', options: { secure: false } }),
    args: proxy,
    finds: ['not-secure'],
  },
  {
    app: 'Silverback without login()',
    start: () => silverbackApp({ keepsIdAtLogin: true }),
    finds: ['session-fixation'],
  },
  {
    app: 'Silverback in cookies without revocation',
    start: () => silverbackApp({ store: 'cookie', withoutRevocation: true }),
    finds: ['logout-replay'],
  },
  {
    app: 'Silverback in cookies, changed at every request',
    start: () => silverbackApp({ store: 'cookie', countsEveryRequest: true }),
    finds: ['session-for-everyone', 'set-on-every-request'],
  },

  {
    app: 'cookie-session without faults',
    start: () => cookieSessionApp(),
    args: ['--ignore=readable-content,not-secure-behind-proxy'],
    finds: [],
  },
  {
    app: 'cookie-session',
    start: () => cookieSessionApp(),
    args: ['--ignore=not-secure-behind-proxy'],
    finds: ['readable-content'],
  },
  {
    app: 'cookie-session with signed: false',
    start: () => cookieSessionApp({ options: { signed: false } }),
    args: ['--ignore=not-secure-behind-proxy'],
    finds: ['unsigned-content'],
  },
  {
    app: 'cookie-session that only clears the cookie',
    start: () => cookieSessionApp({ onlyClearsCookie: true }),
    args: ['--ignore=readable-content,not-secure-behind-proxy'],
    finds: ['logout-replay'],
  },

  { app: '@fastify/session without faults', start: () => fastifySessionApp(), finds: [] },
  {
    app: '@fastify/session with saveUninitialized, its default',
    start: () => fastifySessionApp({ options: { saveUninitialized: true } }),
    finds: ['session-for-everyone'],
  },
  {
    app: '@fastify/session with rolling, its default',
    start: () => fastifySessionApp({ options: { rolling: true } }),
    finds: ['set-on-every-request'],
  },
  {
    app: '@fastify/session without regenerate',
    start: () => fastifySessionApp({ keepsIdAtLogin: true }),
    finds: ['session-fixation'],
  },
  {
    app: '@fastify/session that only clears the cookie',
    start: () => fastifySessionApp({ onlyClearsCookie: true }),
    finds: ['logout-replay'],
  },

  { app: 'no library, without faults', start: () => plainApp(), finds: [] },
  {
    app: 'no library, with short ids',
    start: () => plainApp({ newId: () => String(++serial) }),
    finds: ['short-id'],
  },
  {
    app: 'no library, with long ids in a sequence',
    start: () => plainApp({ newId: () => `4f0c9d2e77aa41b08c1d${String(++serial)}` }),
    finds: ['predictable-id'],
  },
  {
    app: 'no library, with ids from the client',
    start: () => plainApp({ adoptsIds: true }),
    finds: ['planted-id-adopted', 'session-fixation'],
  },
  {
    app: 'no library, comparing a part of the id',
    start: () => plainApp({ comparedLength: 12 }),
    finds: ['tampered-cookie-accepted'],
  },
  {
    app: 'no library, failing on unknown ids',
    start: () => plainApp({ failsOnUnknownIds: true }),
    finds: ['bad-cookie-error'],
  },
  {
    app: 'no library, with an odd name',
    start: () => plainApp({ name: 'my(sid)' }),
    args: ['--cookie=my(sid)'],
    finds: ['odd-name'],
  },
  {
    app: 'no library, with a Max-Age that is no number',
    start: () => plainApp({ attributes: 'Path=/; HttpOnly; SameSite=Lax; Max-Age=1d' }),
    finds: ['invalid-lifetime'],
  },
  {
    app: 'no library, with an Expires that is no date',
    start: () => plainApp({ attributes: 'Path=/; HttpOnly; SameSite=Lax; Expires=tomorrow' }),
    finds: ['invalid-lifetime'],
  },
  {
    app: 'no library, with an Expires in the past',
    start: () =>
      plainApp({
        attributes: `Path=/; HttpOnly; SameSite=Lax; Expires=${new Date(0).toUTCString()}`,
      }),
    finds: ['expired-at-once'],
  },
  {
    app: 'no library, with different lifetimes',
    start: () =>
      plainApp({ attributes: `Path=/; HttpOnly; SameSite=Lax; Max-Age=60; Expires=${weekday}` }),
    finds: ['lifetimes-differ'],
  },
  {
    app: 'no library, with a cookie that is too large',
    start: () => plainApp({ newId: () => String(++prefix).padStart(8, '0').repeat(520) }),
    finds: ['cookie-too-large'],
  },
  {
    app: 'no library, with many large cookies',
    start: () =>
      plainApp({
        extraCookies: () => ['a', 'b', 'c'].map(each => `${each}=${'x'.repeat(3000)}; Path=/`),
      }),
    finds: ['cookies-too-large'],
  },
  {
    app: 'no library, setting the cookie twice',
    start: () =>
      plainApp({
        extraCookies: () => [
          'sid=0123456789abcdef0123456789abcdef; Path=/; HttpOnly; SameSite=Lax',
        ],
      }),
    finds: ['repeated-set-cookie'],
  },
  {
    app: 'no library, with a form that posts to another site',
    start: () => plainApp({ loginAction: 'https://login.example.com/' }),
    finds: ['cross-site-form'],
  },
  {
    app: 'no library, signing out with GET',
    start: () => plainApp({ logoutMethod: 'GET' }),
    finds: [],
  },
  {
    app: 'no library, with two paths',
    start: () =>
      plainApp({
        extraCookies: path =>
          path === '/login'
            ? [`sid=${'0123456789abcdef'.repeat(2)}; Path=/login; HttpOnly; SameSite=Lax`]
            : [],
      }),
    finds: ['several-cookies-of-one-name'],
  },
]

suite('doctor', { concurrency: 4 }, () => {
  for (const { app, start, args = [], finds } of cases) {
    test(`${app}: ${finds.join(', ') || 'nothing'}`, async () => {
      const site = await start()
      try {
        const report = await examine(site, [...signIn, ...args])
        assert.deepEqual(codesOf(report), [...finds].sort())
      } finally {
        await site.close()
      }
    })
  }
})
