/**
 * The test of a server.
 *
 * @module
 */

import { posix } from 'node:path'
import type { Project } from '../project.ts'
import { execute } from '../recipe.ts'
import type { Context, Server } from './template.ts'

/** The test runner of the project, or undefined if it is Jest. */
export function runnerOf({ dependencies }: Project): 'vitest' | 'node:test' | undefined {
  if (dependencies.has('vitest')) return 'vitest'
  return dependencies.has('jest') ? undefined : 'node:test'
}

/** A test that signs in and out with a real client. */
export function testModule(server: Server, context: Context, path: string, runner: string): string {
  const { ts, dialect, folder } = context
  const { imports, start, stop } = server.test(context)
  const relative = posix.relative(posix.dirname(path), folder) || '.'
  const from = (name: string) => {
    const start = relative.startsWith('.') ? relative : `./${relative}`
    return `${start}/${name}${dialect.suffix}`
  }
  return `import assert from 'node:assert/strict';
${runner === 'vitest' ? '' : "import { test } from 'node:test';\n"}${imports}import { defineSession, ServerStore } from 'silverback';
import { sessions } from 'silverback/${server.framework}';
import { memory } from 'silverback/memory';
import { CookieJar } from 'silverback/testing';
${runner === 'vitest' ? "import { test } from 'vitest';\n" : ''}${ts(`import type { Login } from '${from('sessions')}';\n`)}import { ${server.example} } from '${from('sign-in')}';

const post = (body${ts(': object')}) => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

test('signs in and out', async () => {
  process.env.DEMO_PASSWORD = 'correct';
  // In memory: the test needs neither a database nor a key.
  const login = defineSession${ts('<Login>')}(new ServerStore(memory()), 'login');
${indented(start, 2)}${stop ? '  try {\n' : ''}${indented(
  `const refused = await jar.fetch('/sign-in', post({ name: 'demo', password: 'wrong' }));
assert.equal(refused.status, 401);

const signedIn = await jar.fetch('/sign-in', post({ name: 'demo', password: 'correct' }));
assert.deepEqual(await signedIn.json(), { user: 'demo', visits: 1 });
const second = await jar.fetch('/me');
assert.deepEqual(await second.json(), { user: 'demo', visits: 2 });

const signedOut = await jar.fetch('/sign-out', post({}));
assert.deepEqual(await signedOut.json(), { user: null, visits: 1 });
`,
  stop ? 4 : 2,
)}${stop ? `  } finally {\n    ${stop}\n  }\n` : ''}});
`
}

function indented(code: string, spaces: number): string {
  return code.replace(/^(?=.)/gm, ' '.repeat(spaces))
}

/** Node 22.18 and later run TypeScript whose imports end in `.ts`. */
export function stripsTypes({ project: { node }, dialect }: Context): boolean {
  const isNewEnough = node[0] > 22 || (node[0] === 22 && node[1] >= 18)
  return isNewEnough && dialect.suffix === dialect.extension
}

/** The command that runs the test. */
export function testCommand(
  project: Project,
  runner: string,
  usesTsx: boolean,
  path: string,
): string {
  if (runner === 'vitest') return execute(project, `vitest run ${path}`)
  return usesTsx ? execute(project, `tsx --test ${path}`) : `node --test ${path}`
}
