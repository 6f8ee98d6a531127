/**
 * The templates for Hono.
 *
 * @module
 */

import { findUser } from '../recipe.ts'
import type { Server } from './template.ts'

export const hono: Server = {
  framework: 'hono',
  creation:
    /^(?:export\s+)?(?:const|let|var)\s+(\w+)\s*(?::[^=\n]+)?=\s*new Hono\s*(?:<[^\n]*>)?\(/gm,
  isImported: /(?:\bfrom\s*|\brequire\(\s*)['"]hono['"]/,
  use: (app, hasExample) =>
    `${app}.use(sessions(login));${hasExample ? `\n${app}.route('/', signInRoutes(login));` : ''}`,
  example: 'signInRoutes',
  routes: ({ ts, dialect }) => `import { Hono } from 'hono';
${ts(`import type { SessionDefinition } from 'silverback';
import type { Login } from './sessions${dialect.suffix}';
`)}
${findUser(ts)}
/** Adds GET /me, POST /sign-in and POST /sign-out. */
export function signInRoutes(login${ts(': SessionDefinition<Login>')}) {
  return new Hono()
    .get('/me', async c => {
      const session = await login.get(c.req.raw);
      return c.json({ user: session.owner ?? null, visits: session.increment('visits') });
    })
    .post('/sign-in', async c => {
      const { name, password } = Object(await c.req.json().catch(() => undefined));
      const user = await findUser(String(name), String(password));
      if (user === undefined) return c.body(null, 401);
      const session = await login.get(c.req.raw);
      session.login(user); // changes the session id
      return c.redirect('/me', 303); // the session is saved first
    })
    .post('/sign-out', async c => {
      const session = await login.get(c.req.raw);
      session.destroy();
      return c.redirect('/me', 303);
    });
}
`,
  app: ({ project, dialect }) => {
    const isBun = project.packageManager === 'bun'
    return `${isBun ? '' : "import { serve } from '@hono/node-server';\n"}import { Hono } from 'hono';
import { sessions } from 'silverback/hono';
import { login } from './sessions${dialect.suffix}';
import { signInRoutes } from './sign-in${dialect.suffix}';

const app = new Hono();
app.use(sessions(login));
app.route('/', signInRoutes(login));

${
  isBun
    ? 'export default app;\n'
    : `serve({ fetch: app.fetch, port: Number(process.env.PORT ?? 3000) }, ({ port }) => {
  console.log('Listening on port', port);
});
`
}`
  },
  test: () => ({
    imports: "import { Hono } from 'hono';\n",
    start: `const app = new Hono();
app.use(sessions(login));
app.route('/', signInRoutes(login));
const jar = new CookieJar({ fetch: app.fetch });
`,
    stop: '',
  }),
  dependencies: project =>
    project.packageManager === 'bun' || project.files.size > 1
      ? ['hono']
      : ['hono', '@hono/node-server'],
  types: [],
  conflicts: [],
}
