/**
 * The templates for `createServer` of Node.
 *
 * @module
 */

import { findUser } from '../recipe.ts'
import type { Server } from './template.ts'

export const node: Server = {
  framework: 'node',
  creation:
    /^(?:export\s+)?(?:(?:const|let|var)\s+(\w+)\s*(?::[^=\n]+)?=\s*)?(?:http\.)?createServer\(/gm,
  isImported: /(?:\bfrom\s*|\brequire\(\s*)['"](?:node:)?http['"]/,
  wrap(masked, open, end, hasExample) {
    const listener = masked.slice(open + 1, end - 1)
    const isName = /^\s*\w+\s*$/.test(listener)
    const isFunction = /^\s*(?:async\s+)?(?:function\b|\([^()]*\)[^=;{]*=>|\w+\s*=>)/.test(listener)
    if (!isName && !(isFunction && endsWithFunction(listener))) return undefined
    const [before, after] = hasExample
      ? ['sessions(login, withSignIn(', '))']
      : ['sessions(login, ', ')']
    // A comma behind the last argument stays one.
    const last = open + 1 + listener.replace(/,\s*$/, '').trimEnd().length
    return [
      [open + 1, before],
      [last, after],
    ]
  },
  use: (_, hasExample) =>
    `createServer(sessions(login, ${hasExample ? 'withSignIn(listener)' : 'listener'})) // instead of createServer(listener)`,
  example: 'withSignIn',
  routes: ({ ts, dialect }) => `${ts(
    "import type { IncomingMessage, ServerResponse } from 'node:http';\n",
  )}import { json } from 'node:stream/consumers';
${ts(`import type { Session } from 'silverback';
import type { Login } from './sessions${dialect.suffix}';

type Listener = (
  request: IncomingMessage,
  response: ServerResponse,
  session: Session<Login>,
) => unknown;
`)}
${findUser(ts)}
/** Handles GET /me, POST /sign-in and POST /sign-out. The listener handles everything else. */
export function withSignIn(listener${ts(': Listener')})${ts(': Listener')} {
  return async (request, response, session) => {
    const redirect = () => response.writeHead(303, { location: '/me' }).end();
    switch (\`\${request.method} \${request.url}\`) {
      case 'GET /me':
        response.setHeader('content-type', 'application/json');
        return response.end(
          JSON.stringify({ user: session.owner ?? null, visits: session.increment('visits') }),
        );
      case 'POST /sign-in': {
        const { name, password } = Object(await json(request).catch(() => undefined));
        const user = await findUser(String(name), String(password));
        if (user === undefined) return response.writeHead(401).end();
        session.login(user); // changes the session id
        return redirect(); // the session is saved first
      }
      case 'POST /sign-out':
        session.destroy();
        return redirect();
      default:
        return listener(request, response, session);
    }
  };
}
`,
  app: ({ dialect }) => `import { createServer } from 'node:http';
import { sessions } from 'silverback/node';
import { login } from './sessions${dialect.suffix}';
import { withSignIn } from './sign-in${dialect.suffix}';

const server = createServer(
  sessions(
    login,
    withSignIn((request, response, session) => {
      response.end('Hello ' + (session.owner ?? 'guest'));
    }),
  ),
);

const port = Number(process.env.PORT ?? 3000);
server.listen(port, () => console.log('Listening on port', port));
`,
  test: ({ ts }) => ({
    imports: `import { once } from 'node:events';
import { createServer } from 'node:http';
${ts("import type { AddressInfo } from 'node:net';\n")}`,
    start: `const listener = withSignIn((request, response) => response.writeHead(404).end());
const server = createServer(sessions(login, listener)).listen(0);
await once(server, 'listening');
const { port } = server.address()${ts(' as AddressInfo')};
const jar = new CookieJar({ origin: \`http://localhost:\${port}\` });
`,
    stop: 'server.close();',
  }),
  dependencies: () => [],
  types: [],
  conflicts: [],
}

/** Whether the only argument is one function: nothing but a comma is behind its body. */
function endsWithFunction(listener: string): boolean {
  return /\}\s*,?\s*$/.test(listener) && !/\}\s*,\s*\S/.test(topLevel(listener))
}

/** The code without what is inside of brackets. */
function topLevel(code: string): string {
  let depth = 0
  let result = ''
  for (const character of code) {
    if (')]}'.includes(character)) depth--
    if (depth === 0) result += character
    if ('([{'.includes(character)) depth++
  }
  return result
}
