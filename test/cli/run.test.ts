import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runCli, spawnCli } from './support/run-cli.ts'

test('help is printed to the standard output, for every command and for groups', async () => {
  for (const args of [['--help'], ['-h'], ['keygen', '--help'], ['keygen', '--json', '-h']]) {
    const { code, stdout, stderr } = await runCli(args)
    assert.equal(code, 0)
    assert.match(stdout, /USAGE silverback/)
    assert.equal(stderr, '')
  }
})

test('without a command, the help is an error', async () => {
  const { code, stdout, stderr } = await runCli([])
  assert.equal(code, 2)
  assert.equal(stdout, '')
  assert.match(stderr, /COMMANDS[\s\S]*keygen/)
})

const wrong: [args: string[], message: RegExp][] = [
  [['kygen'], /There is no command kygen \(did you mean keygen\?\)\. The commands are init, demo/],
  [['constructor'], /There is no command constructor\. /],
  [['__proto__'], /There is no command __proto__\. /],
  [['\x1b[31mred'], /There is no command \\x1b\[31mred\. /],
  [['--nope'], /silverback has no option --nope\./],
  [
    ['keygen', '--formt', 'hex'],
    /has no option --formt \(did you mean --format\?\)\. It has --form/,
  ],
  [['keygen', 'extra'], /takes 0 arguments; extra is one too many/],
  [['keygen', '--format', 'octal'], /--format \(octal\)\. Expected one of: base64, hex, env/],
]
for (const [args, message] of wrong) {
  test(`refuses ${JSON.stringify(args.join(' '))}`, async () => {
    const { code, stdout, stderr } = await runCli(args)
    assert.equal(code, 2)
    assert.equal(stdout, '')
    assert.match(stderr, message)
  })
}

const key = 'kP3x'.repeat(11)
for (const secret of ['redis://:hunter2@db', key, 'sid=hunter2']) {
  for (const args of [
    [secret],
    [`--${secret}`],
    ['keygen', secret],
    ['keygen', `--${secret}`],
    ['inspect', 'a=b', '--keys-env', secret],
    ['inspect', 'a=b', '--keys-env', `${secret}:${secret}`],
    ['inspect', 'a=b', '--keys-file', key],
    ['sessions', 'count', '--url-env', secret],
    ['migrate', '--from-env', secret, 'file:b'],
    ['doctor', 'https://localhost', '--login-url', '/', '--form-env', secret],
  ]) {
    test(`the error for ${args.join(' ')} does not repeat the secret`, async () => {
      const { code, stdout, stderr } = await runCli(args)
      assert.equal(code, 2)
      assert.doesNotMatch(stdout + stderr, /hunter2|kP3xkP3x/)
    })
  }
}

test('with --json, errors are JSON on the standard error', async () => {
  const { code, stdout, stderr } = await runCli(['keygen', '--json', '--nope'])
  assert.equal(code, 2)
  assert.equal(stdout, '')
  assert.match(JSON.parse(stderr).error.message, /has no option --nope/)
})

test('runs as a process', async () => {
  const { code, stdout, stderr } = await spawnCli(['keygen', '--json'])
  assert.deepEqual([code, stderr], [0, ''])
  assert.equal(Buffer.from(JSON.parse(stdout).key, 'base64').length, 32)
})
