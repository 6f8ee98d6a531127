/**
 * The templates for Fastify.
 *
 * @module
 */

import { findUser } from '../recipe.ts'
import type { Server } from './template.ts'

export const fastify: Server = {
  framework: 'fastify',
  creation:
    /^(?:export\s+)?(?:const|let|var)\s+(\w+)\s*(?::[^=\n]+)?=\s*(?:[Ff]astify|require\(['"]fastify['"]\))\(/gm,
  isImported: /(?:\bfrom\s*|\brequire\(\s*)['"]fastify['"]/,
  use: (app, hasExample) =>
    `${app}.register(sessions(login));${hasExample ? `\n${app}.register(signInRoutes(login));` : ''}`,
  example: 'signInRoutes',
  routes: ({ ts, dialect }) => `${ts(`import type { FastifyPluginAsync } from 'fastify';
import type { SessionDefinition } from 'silverback';
import type { Login } from './sessions${dialect.suffix}';

`)}${findUser(ts)}
const body = {
  type: 'object',
  required: ['name', 'password'],
  properties: { name: { type: 'string' }, password: { type: 'string' } },
};

/** Adds GET /me, POST /sign-in and POST /sign-out. */
export function signInRoutes(login${ts(': SessionDefinition<Login>')})${ts(': FastifyPluginAsync')} {
  return async app => {
    app.get('/me', async request => {
      const session = await login.get(request);
      return { user: session.owner ?? null, visits: session.increment('visits') };
    });

    app.post${ts('<{ Body: { name: string; password: string } }>')}(
      '/sign-in',
      { schema: { body } },
      async (request, reply) => {
        const { name, password } = request.body;
        const user = await findUser(name, password);
        if (user === undefined) return reply.code(401).send();
        const session = await login.get(request);
        session.login(user); // changes the session id
        return reply.redirect('/me', 303); // the session is saved first
      },
    );

    app.post('/sign-out', async (request, reply) => {
      const session = await login.get(request);
      session.destroy();
      return reply.redirect('/me', 303);
    });
  };
}
`,
  app: ({ dialect }) => `import { fastify } from 'fastify';
import { sessions } from 'silverback/fastify';
import { login } from './sessions${dialect.suffix}';
import { signInRoutes } from './sign-in${dialect.suffix}';

const app = fastify({ logger: true });
app.register(sessions(login));
app.register(signInRoutes(login));

app.listen({ port: Number(process.env.PORT ?? 3000) }).catch(error => {
  app.log.error(error);
  process.exit(1);
});
`,
  test: () => ({
    imports: "import { fastify } from 'fastify';\n",
    start: `const app = fastify();
app.register(sessions(login));
app.register(signInRoutes(login));
const jar = new CookieJar({ origin: await app.listen({ port: 0 }) });
`,
    stop: 'await app.close();',
  }),
  dependencies: () => ['fastify'],
  types: [],
  conflicts: [
    ['@fastify/cookie', 'the plugin must be registered after @fastify/cookie'],
    ['@fastify/autoload', '@fastify/autoload decides on the order of the plugins'],
  ],
}
