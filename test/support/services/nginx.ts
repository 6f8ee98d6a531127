/** Starts nginx as a shared cache in front of a server. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { start } from '../processes/process.ts'
import { freePort } from './free-port.ts'
import { findProgram } from './programs.ts'

/** A running cache. */
export interface Cache {
  /** The URL for visitors. */
  readonly url: string
  stop(): Promise<void>
}

/**
 * Starts nginx with a cache that keeps every page for a minute unless its headers forbid it. Pages that set cookies
 * are cached too, as on sites that are configured to cache all their pages.
 */
export async function startCache(origin: string): Promise<Cache> {
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'nginx-'))
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
  proxy_cache_path ${folder}/cache keys_zone=pages:1m;
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass ${origin};
      proxy_cache pages;
      proxy_cache_valid 200 1m;
      proxy_ignore_headers Set-Cookie;
      add_header X-Cache $upstream_cache_status always;
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
