/** Starts nginx in front of a server: as a plain proxy, or as a shared cache. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { start } from '../processes/process.ts'
import { freePort } from './free-port.ts'
import { findProgram } from './programs.ts'

/** A running nginx. */
export interface Nginx {
  /** The URL for visitors. */
  readonly url: string
  stop(): Promise<void>
}

/**
 * Starts nginx with a cache that keeps every page for a minute unless its headers forbid it. Pages that set cookies
 * are cached too, as on sites that are configured to cache all their pages.
 */
export async function startCache(origin: string): Promise<Nginx> {
  return startNginx(folder => ({
    http: `proxy_cache_path ${folder}/cache keys_zone=pages:1m;`,
    location: `proxy_pass ${origin};
      proxy_cache pages;
      proxy_cache_valid 200 1m;
      proxy_ignore_headers Set-Cookie;
      add_header X-Cache $upstream_cache_status always;`,
  }))
}

/** Starts nginx as a proxy. `directives` go into its `server` block; the default is nginx' own configuration. */
export async function startProxy(origin: string, directives = ''): Promise<Nginx> {
  return startNginx(() => ({ server: directives, location: `proxy_pass ${origin};` }))
}

interface Directives {
  readonly http?: string
  readonly server?: string
  readonly location: string
}

async function startNginx(directivesFor: (folder: string) => Directives): Promise<Nginx> {
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'nginx-'))
  const { http = '', server = '', location } = directivesFor(folder)
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  const user = userInfo().uid === 0 ? 'user root;' : ''
  writeFileSync(
    join(folder, 'nginx.conf'),
    `${user}
daemon off;
worker_processes 1;
pid ${folder}/pid;
error_log stderr notice;
events {}
http {
  access_log off;
  ${temporary.map(name => `${name}_temp_path ${folder}/${name};`).join('\n  ')}
  ${http}
  server {
    listen 127.0.0.1:${port};
    ${server}
    location / {
      ${location}
    }
  }
}
`,
  )
  const command = `exec ${findProgram('nginx')} -e stderr -p ${folder} -c ${folder}/nginx.conf 2>&1`
  const running = await start('sh', ['-c', command], /start worker process \d+/)
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      await running.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
