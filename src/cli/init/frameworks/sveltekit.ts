/**
 * The templates for SvelteKit.
 *
 * @module
 */

import { type Dialect, typesOf } from '../dialect.ts'
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

const route = 'src/routes/sign-in'

/** Returns the recipe of a SvelteKit app. */
export function sveltekit({ project, store: kind, random }: Ingredients): Recipe {
  const isTypeScript = project.isTypeScript
  const extension = isTypeScript ? '.ts' : '.js'
  const configs = ['svelte.config', 'vite.config'].flatMap(name => [`${name}.ts`, `${name}.js`])
  const dialect: Dialect = {
    isTypeScript,
    isCommonJs: false,
    extension,
    suffix: '',
    style: styleOf(configs.map(path => project.files.get(path) ?? '').join('')),
  }
  const ts = typesOf(dialect)
  const store = storeSetup(kind, project, ts)
  const page = `${route}/+page.server${extension}`
  const hasExample = !project.paths.has(route) || isOurs(project.files.get(page))
  const { dependencies } = project
  const hasTest = hasExample && (dependencies.has('vitest') || !dependencies.has('jest'))
  const test = `${route}/sign-in.test${extension}`

  const sessions = `src/sessions.server${extension}`
  const files: [string, string][] = [
    [sessions, sessionsModule('sveltekit', store, ts, { isBun: false })],
  ]
  const notes: string[] = []
  if (!isTypeScript) files.push(['src/sessions.d.ts', declaration])
  if (hasExample) {
    files.push([page, server(ts)], [`${route}/+page.svelte`, form])
  } else notes.push('The example of a sign-in was left out, because /sign-in exists.')
  if (hasTest) files.push([test, testModule(ts)])
  else if (hasExample) notes.push(jestNote)

  const hooks = ['.ts', '.js'].map(each => `src/hooks.server${each}`)
  const existing = hooks.find(path => project.paths.has(path))
  const anchor = existing ? sessions : `src/hooks.server${extension}`
  if (existing === undefined) files.push([anchor, handle])
  else {
    notes.push(`Put the sessions in front of the handle of ${existing}:
  import { sequence } from '@sveltejs/kit/hooks'
  import { sessions } from 'silverback/sveltekit'
  import { login } from './sessions.server'

  export const handle = sequence(sessions(login), yourHandle)`)
  }
  return {
    dialect,
    store,
    files,
    edits: [],
    anchor,
    notes,
    dependencies: [],
    devDependencies: [
      ...(isTypeScript ? ['@types/node', ...store.types] : []),
      ...(hasTest ? [vitest(project)] : []),
    ],
    variables: hasExample ? [['DEMO_PASSWORD', newPassword(random)]] : [],
    ...(hasTest && { test: execute(project, `vitest run ${test}`) }),
    nextSteps: [
      `Start the app: ${project.packageManager} run dev`,
      ...(hasExample ? ['Open /sign-in: the user is demo, with the DEMO_PASSWORD of .env.'] : []),
    ],
  }
}

function isOurs(code: string | undefined): boolean {
  return code?.includes('DEMO_PASSWORD') === true
}

type Ts = (code: string) => string

const handle = `import { sessions } from 'silverback/sveltekit';
import { login } from './sessions.server';

export const handle = sessions(login);
`

const declaration = `import type { SessionOf } from 'silverback';
import type { login } from './sessions.server';

declare global {
  namespace App {
    interface Locals {
      session: SessionOf<typeof login>;
    }
  }
}
`

const server = (ts: Ts) => {
  const typed = (name: string, type: string) =>
    ts('x')
      ? `export const ${name}: ${type}`
      : `/** @type {import('./$types').${type}} */
export const ${name}`
  return `import { fail, redirect } from '@sveltejs/kit';
${ts("import type { Actions, PageServerLoad } from './$types';\n")}
${findUser(ts)}
${typed('load', 'PageServerLoad')} = ({ locals: { session } }) => ({
  user: session.owner,
  visits: session.increment('visits'),
});

${typed('actions', 'Actions')} = {
  async signIn({ request, locals: { session } }) {
    const form = await request.formData();
    const user = await findUser(String(form.get('name')), String(form.get('password')));
    if (user === undefined) return fail(400, { wrong: true });
    session.login(user); // changes the session id
    redirect(303, '/sign-in'); // the session is saved first
  },

  async signOut({ locals: { session } }) {
    session.destroy();
    redirect(303, '/sign-in');
  },
};
`
}

const form = `<script>
  import { enhance } from '$app/forms';

  let { data, form } = $props();
</script>

{#if data.user}
  <form method="post" action="?/signOut" use:enhance>
    <p>Signed in as {data.user}: visit {data.visits}</p>
    <button>Sign out</button>
  </form>
{:else}
  <form method="post" action="?/signIn" use:enhance>
    {#if form?.wrong}<p role="alert">Wrong name or password</p>{/if}
    <input name="name" aria-label="Name" autocomplete="username" required />
    <input
      name="password"
      type="password"
      aria-label="Password"
      autocomplete="current-password"
      required
    />
    <button>Sign in</button>
  </form>
{/if}
`

const testModule = (ts: Ts) => `import { defineSession, ServerStore } from 'silverback';
import { memory } from 'silverback/memory';
import { beforeEach, expect, test } from 'vitest';
${ts("import type { Login } from '../../sessions.server';\n")}import { actions } from './+page.server';

// In memory: the test needs neither a database nor a key.
const login = defineSession${ts('<Login>')}(new ServerStore(memory()), 'login');
beforeEach(() => {
  process.env.DEMO_PASSWORD = 'correct';
});

async function eventWith(fields${ts(': Record<string, string>')}) {
  const body = new URLSearchParams(fields);
  const request = new Request('http://localhost/sign-in', { method: 'POST', body });
  return { request, locals: { session: await login.get(request) } };
}

test('signs in', async () => {
  const event = await eventWith({ name: 'demo', password: 'correct' });
  await expect(actions.signIn(event${ts(' as never')})).rejects.toMatchObject({ status: 303 });
  expect(event.locals.session.owner).toBe('demo');
});

test('refuses a wrong password', async () => {
  const event = await eventWith({ name: 'demo', password: 'wrong' });
  expect(await actions.signIn(event${ts(' as never')})).toMatchObject({ status: 400 });
  expect(event.locals.session.owner).toBe(undefined);
});
`
