import assert from 'node:assert/strict'
import { after, suite, test } from 'node:test'
import { remove, temporaryFolder } from '../../support/databases.ts'
import { runCli } from '../../support/run-cli.ts'
import { signIn } from '../../support/sessions.ts'

suite('sessions in encrypted records', () => {
  const folder = temporaryFolder()
  after(() => remove(folder))
  const key = 'kYp3s6v9yBEHMbQeThWmZq4t7w9zCFJNcRfUjXn2r5u='
  const url = `sqlite:${folder}/sessions.db`
  const env = { SESSION_STORE_URL: url, SESSION_KEY: key }

  test('are read with the keys, and otherwise reported as unreadable', async () => {
    const [handle = ''] = await signIn(url, ['ann'], { keys: [key], encrypt: true })
    const listed = await runCli(['sessions', 'list', '--encrypted'], { env, cwd: folder })
    assert.equal(listed.stderr, '')
    assert.match(listed.stdout, new RegExp(`${handle.slice(0, 12)} +sid +ann`))
    const shown = await runCli(['sessions', 'show', handle, '--encrypted', '--values'], {
      env,
      cwd: folder,
    })
    assert.match(shown.stdout, /"book"/)

    const plain = await runCli(['sessions', 'list'], { env, cwd: folder })
    assert.match(plain.stdout, /None of the records is a readable session\. If they are encrypted/)
    assert.equal(plain.code, 0)
    const other = { ...env, SESSION_KEY: 'r5u8xADGKaPdSgVkYp3s6v9yBEHMbQeThWmZq4t7w9z=' }
    const wrong = await runCli(['sessions', 'list', '--encrypted'], { env: other, cwd: folder })
    assert.match(wrong.stdout, /None of the records is a readable session/)
  })
})
