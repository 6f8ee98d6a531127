/** The smallest apps, as the documentation of their frameworks or their official starters have them. */

export type Files = Readonly<Record<string, string>>

const manifest = (fields: object) => `${JSON.stringify({ private: true, ...fields }, null, 2)}\n`
const tsconfig = (compilerOptions: object, fields: object = {}) =>
  `${JSON.stringify({ compilerOptions: { strict: true, skipLibCheck: true, ...compilerOptions }, ...fields }, null, 2)}\n`

/** https://expressjs.com/en/starter/hello-world.html */
export const express: Files = {
  'package.json': manifest({ main: 'index.js', dependencies: { express: '^5.1.0' } }),
  'index.js': `const express = require('express')
const app = express()
const port = process.env.PORT || 3000

app.get('/', (req, res) => {
  res.send('Hello World!')
})

app.listen(port, () => {
  console.log(\`Example app listening on port \${port}\`)
})
`,
}

export const expressTypeScript: Files = {
  'package.json': manifest({
    type: 'module',
    scripts: { dev: 'tsx watch src/index.ts' },
    dependencies: { express: '^5.1.0' },
    devDependencies: {
      '@types/express': '^5',
      '@types/node': '^20',
      tsx: '^4',
      typescript: '~6.0.3',
    },
  }),
  'tsconfig.json': tsconfig({
    module: 'nodenext',
    target: 'es2023',
    types: ['node'],
    noEmit: true,
  }),
  'src/index.ts': `import express from "express";
import path from "node:path";

const app = express();
app.set("x-powered-by", false);
app.use(express.static(path.join(import.meta.dirname, "public")));

app.get("/", (req, res) => {
  res.send("Hello World!");
});

app.listen(process.env.PORT);
`,
}

/** https://fastify.dev/docs/latest/Guides/Getting-Started/ */
export const fastify: Files = {
  'package.json': manifest({ type: 'module', dependencies: { fastify: '^5.0.0' } }),
  'server.js': `// Import the framework and instantiate it
import Fastify from 'fastify'
const fastify = Fastify({
  logger: true
})

// Declare a route
fastify.get('/', async function handler (request, reply) {
  return { hello: 'world' }
})

// Run the server!
try {
  await fastify.listen({ port: process.env.PORT ?? 3000 })
} catch (err) {
  fastify.log.error(err)
  process.exit(1)
}
`,
}

/** The template nodejs of `npm create hono`. */
export const hono: Files = {
  'package.json': manifest({
    type: 'module',
    scripts: { dev: 'tsx watch src/index.ts' },
    dependencies: { '@hono/node-server': '^2.0.0', hono: '^4.0.0' },
    devDependencies: { '@types/node': '^20', tsx: '^4', typescript: '~6.0.3' },
  }),
  'tsconfig.json': tsconfig({
    target: 'ESNext',
    module: 'NodeNext',
    verbatimModuleSyntax: true,
    types: ['node'],
    jsx: 'react-jsx',
    jsxImportSource: 'hono/jsx',
    noEmit: true,
  }),
  'src/index.ts': `import { serve } from '@hono/node-server'
import { Hono } from 'hono'

const app = new Hono()

app.get('/', (c) => {
  return c.text('Hello Hono!')
})

serve({
  fetch: app.fetch,
  port: Number(process.env.PORT)
}, (info) => {
  console.log(\`Server is running on http://localhost:\${info.port}\`)
})
`,
}

/** https://nodejs.org */
export const node: Files = {
  'package.json': manifest({}),
  'server.mjs': `// server.mjs
import { createServer } from 'node:http';

const server = createServer((req, res) => {
  res.writeHead(200, { 'Content-Type': 'text/plain' });
  res.end('Hello World!\\n');
});

// starts a simple http server locally on port 3000
server.listen(process.env.PORT, () => {
  console.log('Listening on 127.0.0.1:3000');
});

// run with \`node server.mjs\`
`,
}

/** `npx create-next-app`, without its stylesheets, pictures and linter. */
export const next: Files = {
  'package.json': manifest({
    scripts: { dev: 'next dev', build: 'next build', start: 'next start' },
    dependencies: { next: '16.4.6', react: '19.3.1', 'react-dom': '19.3.1' },
    devDependencies: {
      '@types/node': '^20',
      '@types/react': '^19',
      '@types/react-dom': '^19',
      typescript: '~6.0.3',
    },
  }),
  '.gitignore': `/node_modules
/.next/

# env files (can opt-in for committing if needed)
.env*

next-env.d.ts
`,
  'next.config.ts': `import type { NextConfig } from "next";

const nextConfig: NextConfig = {
  cacheComponents: true,
};

export default nextConfig;
`,
  'tsconfig.json': tsconfig(
    {
      target: 'ES2017',
      lib: ['dom', 'dom.iterable', 'esnext'],
      allowJs: true,
      noEmit: true,
      esModuleInterop: true,
      module: 'esnext',
      moduleResolution: 'bundler',
      resolveJsonModule: true,
      isolatedModules: true,
      jsx: 'react-jsx',
      incremental: true,
      plugins: [{ name: 'next' }],
      paths: { '@/*': ['./*'] },
    },
    {
      include: [
        'next-env.d.ts',
        '**/*.ts',
        '**/*.tsx',
        '.next/types/**/*.ts',
        '.next/dev/types/**/*.ts',
      ],
      exclude: ['node_modules'],
    },
  ),
  'app/layout.tsx': `import type { Metadata } from "next";

export const metadata: Metadata = {
  title: "Create Next App",
  description: "Generated by create next app",
};

export default function RootLayout({
  children,
}: Readonly<{
  children: React.ReactNode;
}>) {
  return (
    <html lang="en">
      <body>{children}</body>
    </html>
  );
}
`,
  'app/page.tsx': `export default function Home() {
  return <main>Hello World</main>;
}
`,
}

/** `npx sv create`, template minimal with TypeScript, and the Node adapter. */
export const sveltekit: Files = {
  'package.json': manifest({
    type: 'module',
    scripts: { dev: 'vite dev', build: 'vite build' },
    devDependencies: {
      '@sveltejs/adapter-node': '5.5.7',
      '@sveltejs/kit': '2.70.4',
      '@sveltejs/vite-plugin-svelte': '7.3.1',
      svelte: '5.57.3',
      typescript: '~6.0.3',
      vite: '8.3.8',
    },
  }),
  '.gitignore': `node_modules

# Env
.env
.env.*
!.env.example
!.env.test
`,
  'svelte.config.js': `import adapter from '@sveltejs/adapter-node';

/** @type {import('@sveltejs/kit').Config} */
const config = {
	kit: {
		adapter: adapter()
	}
};

export default config;
`,
  'vite.config.ts': `import { sveltekit } from '@sveltejs/kit/vite';
import { defineConfig } from 'vite';

export default defineConfig({
	plugins: [sveltekit()]
});
`,
  'tsconfig.json': tsconfig(
    {
      allowJs: true,
      checkJs: true,
      esModuleInterop: true,
      moduleResolution: 'bundler',
      rewriteRelativeImportExtensions: true,
    },
    { extends: './.svelte-kit/tsconfig.json' },
  ),
  'src/app.html': `<!doctype html>
<html lang="en">
	<head>
		%sveltekit.head%
	</head>
	<body>
		%sveltekit.body%
	</body>
</html>
`,
  'src/app.d.ts': `declare global {
	namespace App {
		// interface Locals {}
	}
}

export {};
`,
  'src/routes/+page.svelte': '<h1>Welcome to SvelteKit</h1>\n',
}

/** The same app in another language. */
export const nextJavaScript: Files = {
  'package.json': manifest({
    scripts: { dev: 'next dev', build: 'next build', start: 'next start' },
    dependencies: { next: '16.4.6', react: '19.3.1', 'react-dom': '19.3.1' },
  }),
  'next.config.mjs': 'export default {};\n',
  'src/app/layout.js': `export default function RootLayout({ children }) {
  return (
    <html lang="en">
      <body>{children}</body>
    </html>
  );
}
`,
  'src/app/page.js': `export default function Home() {
  return <main>Hello World</main>;
}
`,
}

export const starters = {
  express,
  expressTypeScript,
  fastify,
  hono,
  node,
  next,
  nextJavaScript,
  sveltekit,
} as const
