/** The doctor in a terminal: it asks for the password, and can be left with Ctrl-C. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { spawn } from '@lydell/node-pty'
import { nodeArguments } from '../support/run-cli.ts'
import { expressSessionApp } from './apps/express-session.ts'

/** Runs the doctor, and types once it asks for the password. */
async function answer(keys: string): Promise<{ code: number; output: string; requests: string[] }> {
  const requests: string[] = []
  const site = await expressSessionApp({
    before: ({ method, url }, _, next) => next(void requests.push(`${method} ${url}`)),
  })
  const args = [
    'doctor',
    site.url,
    '--login-url=/login',
    '--form=name=ann',
    '--whoami-url=/account',
  ]
  const terminal = spawn(process.execPath, [...nodeArguments, ...args], {
    cols: 200,
    env: { ...process.env, NODE_OPTIONS: '', CI: '', TERM: 'xterm-256color' },
  })
  let output = ''
  let isTyped = false
  terminal.onData(data => {
    output += stripVTControlCharacters(data)
    if (isTyped || !output.includes('Value of the field password')) return
    isTyped = true
    terminal.write(keys)
  })
  const code = await new Promise<number>(resolve => {
    terminal.onExit(({ exitCode }) => resolve(exitCode))
  })
  await site.close()
  return { code, output, requests }
}

test('asks for the password, and does not show it', async () => {
  const { code, output } = await answer('p&ss\r')
  assert.equal(code, 0, output)
  assert.match(output, /No faults/)
  assert.doesNotMatch(output, /p&ss/)
})

test('Ctrl-C at the question sends no sign-in', async () => {
  const { code, output, requests } = await answer('\x03')
  assert.equal(code, 130, output)
  assert.match(output, /Cancelled: nothing was sent to the sign-in/)
  assert.ok(requests.length > 0)
  assert.ok(requests.every(each => each.startsWith('GET ')))
})
