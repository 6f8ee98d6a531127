/**
 * The templates for Express.
 *
 * @module
 */

import { findUser } from '../recipe.ts'
import type { Server } from './template.ts'

export const express: Server = {
  framework: 'express',
  creation: /^(?:export\s+)?(?:const|let|var)\s+(\w+)\s*(?::[^=\n]+)?=\s*express\(/gm,
  isImported: /(?:\bfrom\s*|\brequire\(\s*)['"]express['"]/,
  use: (app, hasExample) =>
    `${app}.use(sessions(login)${hasExample ? ', signInRoutes(login)' : ''});`,
  example: 'signInRoutes',
  routes({ ts, project, dialect }) {
    // Express 4 does not pass rejections to the error handlers.
    const isOld = /^\D*4\b/.test(project.dependencies.get('express') ?? '')
    const [open, close] = isOld ? ['passErrors(', ')'] : ['', '']
    const passErrors = `const passErrors =
  (handler${ts(': (request: Request, response: Response) => Promise<void>')})${ts(': RequestHandler')} =>
  (request, response, next) =>
    void handler(request, response).catch(next);

`
    const types = isOld ? 'type Request, type RequestHandler, type Response, ' : ''
    return `import { json, ${ts(types)}Router, urlencoded } from 'express';
${ts(`import type { SessionDefinition } from 'silverback';
import type { Login } from './sessions${dialect.suffix}';
`)}
${findUser(ts)}
${isOld ? passErrors : ''}/** Adds GET /me, POST /sign-in and POST /sign-out. */
export function signInRoutes(login${ts(': SessionDefinition<Login>')})${ts(': Router')} {
  const routes = Router();

  routes.get('/me', ${open}async (request, response) => {
    const session = await login.get(request);
    response.json({ user: session.owner ?? null, visits: session.increment('visits') });
  }${close});

  routes.post('/sign-in', json(), urlencoded({ extended: false }), ${open}async (request, response) => {
    const { name, password } = request.body ?? {};
    const user = await findUser(String(name), String(password));
    if (user === undefined) {
      response.sendStatus(401);
      return;
    }
    const session = await login.get(request);
    session.login(user); // changes the session id
    response.redirect(303, '/me'); // the session is saved first
  }${close});

  routes.post('/sign-out', ${open}async (request, response) => {
    const session = await login.get(request);
    session.destroy();
    response.redirect(303, '/me');
  }${close});

  return routes;
}
`
  },
  app: ({ dialect }) => `import express from 'express';
import { sessions } from 'silverback/express';
import { login } from './sessions${dialect.suffix}';
import { signInRoutes } from './sign-in${dialect.suffix}';

const app = express();
app.use(sessions(login), signInRoutes(login));

const port = Number(process.env.PORT ?? 3000);
app.listen(port, () => console.log('Listening on port', port));
`,
  test: ({ ts }) => ({
    imports: `import { once } from 'node:events';
${ts("import type { AddressInfo } from 'node:net';\n")}import express from 'express';
`,
    start: `const server = express().use(sessions(login), signInRoutes(login)).listen(0);
await once(server, 'listening');
const { port } = server.address()${ts(' as AddressInfo')};
const jar = new CookieJar({ origin: \`http://localhost:\${port}\` });
`,
    stop: 'server.close();',
  }),
  dependencies: () => ['express'],
  types: ['@types/express'],
  conflicts: [],
}
