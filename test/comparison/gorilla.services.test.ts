/** The cells of docs/comparison.md on gorilla/sessions, against real Go. */

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, request as forward, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite } from 'node:test'
import { fileURLToPath } from 'node:url'
import { start } from '../support/processes/process.ts'
import { needs } from '../support/services/programs.ts'
import { checkRows } from './columns.ts'
import type { Library } from './libraries.ts'
import * as probes from './probes.ts'

suite('docs/comparison.md: gorilla', needs('go'), () => {
  const folder = mkdtempSync(join(tmpdir(), 'comparison-'))
  const program = join(folder, 'app')
  const cleanUp: (() => unknown)[] = []
  before(() => {
    const module = fileURLToPath(new URL('../../interop/go', import.meta.url))
    execFileSync('go', ['build', '-o', program, './cmd/comparison'], { cwd: module })
  })
  after(async () => {
    for (const each of cleanUp) await each()
    rmSync(folder, { recursive: true, force: true })
  })

  /** The Go program behind a listener. It asks `gate` over HTTP. */
  const gorilla =
    (environment: NodeJS.ProcessEnv): Library =>
    async ({ keys, gate }) => {
      const gates = createServer((_request, response) => void gate().then(() => response.end()))
      gates.listen(0, '127.0.0.1')
      await new Promise(resolve => gates.once('listening', resolve))
      const pairs = keys.flatMap(key => {
        const hex = Buffer.from(key, 'base64').toString('hex')
        return [hex, hex.slice(0, 64)]
      })
      const { match, stop } = await start(program, [], /listening on .*:(\d+)/, {
        env: { ...environment, KEYS: pairs.join(), GATE: urlOf(gates) },
      })
      cleanUp.push(stop, () => gates.close())
      return proxyTo(Number(match[1]))
    }

  const cookies = { 'gorilla `CookieStore`': gorilla({}) }
  const files = { 'gorilla `FilesystemStore`': gorilla({ FOLDER: folder }) }

  checkRows('Values in the cookie', cookies, {
    values: probes.values,
    'several keys': probes.rotation,
    'a copy works after sign-out': probes.copyAfterSignOut,
  })
  checkRows('Size and attributes', cookies, {
    'cookie for an unchanged session': probes.cookieForLooking,
    'default attributes': probes.attributes,
    'a session of 6 kB': probes.tooLarge,
    'cache headers': probes.caching,
  })
  checkRows('Values on the server', files, {
    'new id at sign-in': probes.newIdAtSignIn,
    'cookie for an unchanged session': probes.cookieForLooking,
    'default attributes': probes.attributes,
  })
  checkRows(
    'Concurrent requests',
    { ...cookies, ...files },
    {
      'both of two changes are kept': probes.concurrentChanges,
      'a sign-out is final': probes.signOutIsFinal,
    },
  )
})

function urlOf(server: ReturnType<typeof createServer>): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function proxyTo(port: number): RequestListener {
  return (request, response) => {
    const { url: path, headers } = request
    forward({ host: '127.0.0.1', port, path, headers }, from => {
      response.writeHead(from.statusCode as number, from.headers)
      from.pipe(response)
    })
      .on('error', () => response.writeHead(500).end())
      .end()
  }
}
