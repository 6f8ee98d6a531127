/** The questions, in a terminal: answers, and Ctrl-C at each of them. */

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { spawn } from '@lydell/node-pty'
import { nodeArguments } from '../support/run-cli.ts'
import { starters } from './starters.ts'
import { filesIn, folderWith, manifest } from './support.ts'

interface Answer {
  readonly after: string
  readonly keys: string
}

const enter = '\r'
const down = '\x1b[B'
const interrupt = '\x03'

/** Runs the command in a terminal and types each answer once its question is shown. */
function runInTerminal(
  cwd: string,
  answers: readonly Answer[],
  args: readonly string[] = [],
): Promise<{ code: number; output: string }> {
  const terminal = spawn(process.execPath, [...nodeArguments, 'init', ...args], {
    cols: 120,
    rows: 200,
    cwd,
    env: { ...process.env, NODE_OPTIONS: '', CI: '', TERM: 'xterm-256color' },
  })
  const waiting = [...answers]
  let output = ''
  let seen = 0
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      terminal.kill()
      reject(
        new Error(
          `no question ${JSON.stringify(waiting[0]?.after)} after five minutes:\n${output}`,
        ),
      )
    }, 300_000)
    terminal.onData(data => {
      output += stripVTControlCharacters(data)
      const [next] = waiting
      if (!next || !output.slice(seen).includes(next.after)) return
      seen = output.length
      waiting.shift()
      terminal.write(next.keys)
    })
    terminal.onExit(({ exitCode }) => {
      clearTimeout(timer)
      resolve({ code: exitCode, output })
    })
  })
}

const several = {
  'package.json': manifest({ dependencies: { hono: '4', fastify: '5' } }),
}

suite('silverback init in a terminal', () => {
  test('asks for the store, shows the differences, writes', async t => {
    const cwd = folderWith(t, starters.hono)
    const { code, output } = await runInTerminal(cwd, [
      { after: 'Where does Hono keep its sessions?', keys: `${down}${enter}` },
      { after: 'Write 7 files?', keys: enter },
      { after: 'Run npm install silverback', keys: 'n' },
    ])
    assert.equal(code, 0, output)
    const files = filesIn(cwd)
    assert.match(String(files['src/sessions.ts']), /memory\(\)/)
    assert.match(output, /\+app\.use\(sessions\(login\)\)/)
    assert.match(output, /1\. npm install silverback/)
    const key = /SESSION_KEY=(.+)/.exec(String(files['.env']))?.[1] as string
    assert.ok(!output.includes(key))
  })

  test('asks for the framework if there are several', async t => {
    const cwd = folderWith(t, several)
    const { code, output } = await runInTerminal(
      cwd,
      [
        { after: 'Which framework?', keys: `${down}${enter}` },
        { after: 'Write 7 files?', keys: enter },
        { after: 'Run npm install silverback', keys: 'n' },
      ],
      ['--store=cookie'],
    )
    assert.equal(code, 0, output)
    assert.match(String(filesIn(cwd)['server.js']), /new Hono\(\)/)
  })

  test('"No" writes nothing', async t => {
    const cwd = folderWith(t, starters.express)
    const { code, output } = await runInTerminal(
      cwd,
      [{ after: 'Write 7 files?', keys: 'n' }],
      ['--store=cookie'],
    )
    assert.equal(code, 130)
    assert.match(output, /Cancelled: nothing was written/)
    assert.deepEqual(filesIn(cwd), starters.express)
  })

  const interrupted: [question: string, answers: Answer[]][] = [
    ['the framework', [{ after: 'Which framework?', keys: interrupt }]],
    [
      'the store',
      [
        { after: 'Which framework?', keys: enter },
        { after: 'keep its sessions?', keys: interrupt },
      ],
    ],
    [
      'writing',
      [
        { after: 'Which framework?', keys: enter },
        { after: 'keep its sessions?', keys: enter },
        { after: 'Write 7 files?', keys: interrupt },
      ],
    ],
  ]
  for (const [question, answers] of interrupted) {
    test(`Ctrl-C at the question for ${question}: nothing is written`, async t => {
      const cwd = folderWith(t, several)
      const { code, output } = await runInTerminal(cwd, answers)
      assert.equal(code, 130, output)
      assert.match(output, /Cancelled: nothing was written/)
      assert.deepEqual(filesIn(cwd), several)
    })
  }

  test('Ctrl-C at the question for the installation: the files are complete', async t => {
    const cwd = folderWith(t, starters.node)
    const { code, output } = await runInTerminal(
      cwd,
      [
        { after: 'Write 7 files?', keys: enter },
        { after: 'Run npm install silverback', keys: interrupt },
      ],
      ['--store=cookie'],
    )
    assert.equal(code, 130, output)
    assert.match(output, /7 files written:[\s\S]*1\. npm install silverback/)
    assert.equal(Object.keys(filesIn(cwd)).length, Object.keys(starters.node).length + 6)
  })
})
