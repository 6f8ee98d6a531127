/**
 * The templates for the App Router of Next.js.
 *
 * @module
 */

import { FailedError } from '../../lib/exit-codes.ts'
import { type Dialect, typesOf } from '../dialect.ts'
import type { Project } from '../project.ts'
import {
  execute,
  findUser,
  type Ingredients,
  jestNote,
  newPassword,
  type Recipe,
  vitest,
} from '../recipe.ts'
import { styleOf } from '../source.ts'
import { sessionsModule, storeSetup } from '../store.ts'

/** Returns the recipe of a Next.js app. Throws a {@link FailedError} for one without an `app` folder. */
export function next({ project, store: kind, random }: Ingredients): Recipe {
  const app = ['app', 'src/app'].find(path => project.paths.has(path))
  if (app === undefined) {
    throw new FailedError('There is no app folder: init sets up the App Router of Next.js only.')
  }
  const isTypeScript = project.isTypeScript
  const [module, page] = isTypeScript ? ['ts', 'tsx'] : ['js', 'js']
  const layout = [`${app}/layout.tsx`, `${app}/layout.js`, `${app}/layout.jsx`]
  const dialect: Dialect = {
    isTypeScript,
    isCommonJs: false,
    extension: `.${module}`,
    suffix: '',
    style: styleOf(layout.map(path => project.files.get(path) ?? '').join('')),
  }
  const ts = typesOf(dialect)
  const store = storeSetup(kind, project, ts)
  const signIn = `${app}/sign-in`
  const hasExample = !project.paths.has(signIn) || project.paths.has(`${signIn}/actions.${module}`)
  const hasTest = hasExample && (project.dependencies.has('vitest') || !hasJest(project))
  const test = `${signIn}/actions.test.${module}`

  const files: [string, string][] = []
  const notes: string[] = []
  if (hasExample) {
    files.push([`${signIn}/actions.${module}`, actions(ts)], [`${signIn}/page.${page}`, form(ts)])
  } else notes.push('The example of a sign-in was left out, because /sign-in exists.')
  if (hasTest) files.push([test, testModule(ts)])
  else if (hasExample) notes.push(jestNote)

  const folder = app === 'app' ? '' : 'src/'
  const renewal = /^\D*(\d+)/.exec(project.dependencies.get('next') ?? '')?.[1]
  const hooks = ['proxy.ts', 'proxy.js', 'middleware.ts', 'middleware.js'].flatMap(name => [
    name,
    `src/${name}`,
  ])
  const existing = hooks.find(path => project.paths.has(path))
  if (existing === `${folder}proxy.${module}` && isOurs(project, existing)) {
    // Written by an earlier call that was interrupted.
  } else if (existing !== undefined) {
    notes.push(
      `Add this line to ${existing}, which renews sessions:\n  await logins.touch(request, response)`,
    )
  } else if (renewal !== undefined && Number(renewal) < 16) {
    notes.push(
      'Next.js 16 has proxy.ts, in which sessions can be renewed: see docs/adapters/next.md.',
    )
  } else files.push([`${folder}proxy.${module}`, proxy(ts)])

  const anchor = `${app}/sessions.${module}`
  files.push([anchor, sessionsModule('next', store, ts, { isBun: false })])
  return {
    dialect,
    store,
    files,
    edits: [],
    anchor,
    notes,
    dependencies: [],
    devDependencies: [...(isTypeScript ? store.types : []), ...(hasTest ? [vitest(project)] : [])],
    variables: hasExample ? [['DEMO_PASSWORD', newPassword(random)]] : [],
    ...(hasTest && { test: execute(project, `vitest run ${test}`) }),
    nextSteps: [
      `Start the app: ${project.packageManager} run dev`,
      ...(hasExample ? ['Open /sign-in: the user is demo, with the DEMO_PASSWORD of .env.'] : []),
    ],
  }
}

function hasJest({ dependencies }: Project): boolean {
  return dependencies.has('jest')
}

function isOurs({ files }: Project, path: string): boolean {
  return files.get(path)?.includes('logins.touch(') === true
}

type Ts = (code: string) => string

const actions = (ts: Ts) => `'use server';

import { redirect } from 'next/navigation';
import { logins } from '../sessions';

${findUser(ts)}
export async function signIn(form${ts(': FormData')})${ts(': Promise<void>')} {
  const user = await findUser(String(form.get('name')), String(form.get('password')));
  if (user === undefined) redirect('/sign-in?wrong=1');
  const login = await logins.open();
  login.session.login(user); // changes the session id
  await login.save();
  redirect('/sign-in');
}

export async function signOut()${ts(': Promise<void>')} {
  const login = await logins.open();
  login.session.destroy();
  await login.save();
  redirect('/sign-in');
}
`

const form = (ts: Ts) => `import { Suspense } from 'react';
import { logins } from '../sessions';
import { signIn, signOut } from './actions';

${ts(`interface Props {
  searchParams: Promise<{ wrong?: string }>;
}

`)}async function SignIn({ searchParams }${ts(': Props')}) {
  const session = await logins.read();
  const { wrong } = await searchParams;
  if (session.owner !== undefined) {
    return (
      <form action={signOut}>
        <p>Signed in as {session.owner}</p>
        <button type="submit">Sign out</button>
      </form>
    );
  }
  return (
    <form action={signIn}>
      {wrong !== undefined && <p role="alert">Wrong name or password</p>}
      <input name="name" aria-label="Name" autoComplete="username" required />
      <input
        name="password"
        type="password"
        aria-label="Password"
        autoComplete="current-password"
        required
      />
      <button type="submit">Sign in</button>
    </form>
  );
}

export default function Page({ searchParams }${ts(': Props')}) {
  return (
    <Suspense fallback="Loading…">
      <SignIn searchParams={searchParams} />
    </Suspense>
  );
}
`

const proxy = (ts: Ts) => `import { ${ts('type NextRequest, ')}NextResponse } from 'next/server';
import { logins } from './app/sessions';

/** Renews sessions before they expire, because pages cannot set cookies. */
export async function proxy(request${ts(': NextRequest')})${ts(': Promise<NextResponse>')} {
  const response = NextResponse.next();
  await logins.touch(request, response);
  return response;
}

export const config = { matcher: '/((?!_next/).*)' };
`

const testModule = (ts: Ts) => `import { CookieJar } from 'silverback/testing';
import { beforeEach, expect, test, vi } from 'vitest';
import { logins } from '../sessions';
import { signIn, signOut } from './actions';

let jar = new CookieJar();
beforeEach(() => {
  jar = new CookieJar();
  process.env.DEMO_PASSWORD = 'correct';
});

// In memory: the test needs neither a database nor a key.
vi.mock('../sessions', async () => {
  const { defineSession, ServerStore } = await import('silverback');
  const { memory } = await import('silverback/memory');
  const { sessions } = await import('silverback/next');
  const login = defineSession(new ServerStore(memory()), 'login');
  return { login, logins: sessions(login, { cookies: async () => jar.cookies() }) };
});

const credentials = (name${ts(': string')}, password${ts(': string')}) => {
  const form = new FormData();
  form.set('name', name);
  form.set('password', password);
  return form;
};

test('signs in and out', async () => {
  await expect(signIn(credentials('demo', 'correct'))).rejects.toThrow('NEXT_REDIRECT');
  expect((await logins.read()).owner).toBe('demo');
  await expect(signOut()).rejects.toThrow('NEXT_REDIRECT');
  expect((await logins.read()).owner).toBe(undefined);
});

test('refuses a wrong password', async () => {
  await expect(signIn(credentials('demo', 'wrong'))).rejects.toThrow('NEXT_REDIRECT');
  expect((await logins.read()).owner).toBe(undefined);
});
`
