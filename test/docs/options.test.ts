import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { collectOptions, type Option, type OptionsType } from '../../tools/options/collect.ts'
import { page, pageText } from '../../tools/options/page.ts'

suite('the page of options', () => {
  const types = collectOptions()
  const named = (name: string): OptionsType => {
    const type = types.find(type => type.name === name)
    assert.ok(type, name)
    return type
  }

  test('is up to date', () => {
    assert.equal(readFileSync(page, 'utf8'), pageText(types), 'run: npm run docs:options')
  })

  test('has the options of every store, backend and adapter', () => {
    const calls = types.flatMap(type => type.calls.map(({ entry, text }) => `${entry} ${text}`))
    for (const call of [
      'silverback new CookieStore(options)',
      'silverback new FilesystemStore(path, options)',
      'silverback defineSession(store, name, options)',
      'silverback/redis redis(client, options)',
      'silverback/fastify sessions(sources, options)',
      'silverback/next sessions(source, options)',
    ]) {
      assert.ok(calls.includes(call), call)
    }
  })

  test('lists the parts of an option after it', () => {
    const names = named('ServerStoreOptions').options.map(({ name }) => name)
    const rotation = names.indexOf('rotation')
    assert.deepEqual(names.slice(rotation, rotation + 3), [
      'rotation',
      'rotation.every',
      'rotation.grace',
    ])
  })

  test('names the alternatives of an option', () => {
    const { options } = named('ExpressSessionOptions')
    const store = options.find(({ name }) => name === 'store') as Option
    assert.deepEqual([...store.alternatives].sort(), ['load', 'store'])
  })

  test('is refused if a docstring lacks a description or a default', () => {
    const [option, ...rest] = named('MemoryOptions').options as [Option, ...Option[]]
    for (const doc of ['', 'Default 5.', 'How many records it holds.']) {
      const type = { ...named('MemoryOptions'), options: [{ ...option, doc }, ...rest] }
      assert.throws(() => pageText([type]), /MemoryOptions\.maxRecords: its docstring/)
    }
  })
})
