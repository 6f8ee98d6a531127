/** The doctor over HTTPS, with a certificate that nobody has signed. */

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { needs } from '../../support/services/programs.ts'
import { runCli } from '../support/run-cli.ts'
import { listen } from './apps/site.ts'

/** Makes a key and its certificate for localhost. */
function selfSigned(): { key: Buffer; cert: Buffer } {
  const folder = mkdtempSync(join(tmpdir(), 'silverback-certificate-'))
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  try {
    const files = ['-keyout', key, '-out', cert]
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
    execFileSync('openssl', ['req', '-x509', ...curve, ...files, '-subj', '/CN=localhost'], {
      stdio: 'ignore',
    })
    return { key: readFileSync(key), cert: readFileSync(cert) }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

suite('over HTTPS', needs('openssl'), () => {
  async function start(context: TestContext): Promise<string> {
    const server = createServer(selfSigned(), (_, response) => {
      response.setHeader('cache-control', 'no-store')
      const id = crypto.randomUUID()
      response.setHeader('set-cookie', `sid=${id}; Path=/; HttpOnly; SameSite=Lax`)
      response.end()
    })
    const site = await listen(server)
    context.after(() => site.close())
    return site.url.replace('http:', 'https:')
  }

  test('an invalid certificate is refused', async context => {
    const url = await start(context)
    const { code, stderr } = await runCli(['doctor', url])
    assert.equal(code, 3)
    assert.match(stderr, /certificate of localhost:\d+ is not valid .* pass --insecure/)
  })

  test('with --insecure, cookies are judged as over HTTPS', async context => {
    const url = await start(context)
    const { code, stdout } = await runCli(['doctor', url, '--insecure', '--json'])
    assert.equal(code, 1)
    const codes = JSON.parse(stdout).findings.map((each: { code: string }) => each.code)
    assert.deepEqual(codes, ['not-secure'])
  })

  test('http:// for a server with TLS', async context => {
    const url = await start(context)
    const { code, stderr } = await runCli(['doctor', url.replace('https:', 'http:')])
    assert.equal(code, 3)
    assert.match(stderr, /closed the connection without a valid response/)
  })
})
