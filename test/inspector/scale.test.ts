import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import {
  type Backend,
  type Listable,
  newId,
  type OwnerIndex,
  ServerStore,
  type StoredRecord,
} from 'silverback'
import { memory } from 'silverback/memory'
import { visit } from '../support/http/visit.ts'
import { operate, signIn } from './panel.ts'

const million = 1_000_000

/** A backend with a million records, all of one owner. It counts what is read. */
async function huge(): Promise<{
  backend: Backend & Listable & OwnerIndex
  read: { listed: number; loaded: number; isClosed: boolean }
}> {
  const inner = memory()
  await visit(new ServerStore(inner), signIn('ann', { name: 'Ann' }))
  let record: StoredRecord | undefined
  for await (const id of inner.all()) record ??= await inner.load(id)
  const read = { listed: 0, loaded: 0, isClosed: false }
  const ids = Array.from({ length: 1000 }, newId)
  const idAt = (index: number): string => ids[index % ids.length] as string
  return {
    read,
    backend: Object.assign(memory(), {
      async load(id: string) {
        if (!ids.includes(id)) return undefined
        read.loaded++
        return record
      },
      async *all() {
        try {
          for (let index = 0; index < million; index++) {
            read.listed++
            yield idAt(index)
          }
        } finally {
          read.isClosed = true
        }
      },
      async ofOwner() {
        return Array.from({ length: million }, (_, index) => idAt(index))
      },
    }),
  }
}

suite('a million sessions', () => {
  test('are listed by the page, which reads no more than it needs', async () => {
    const { backend, read } = await huge()
    const operator = operate({ stores: { login: new ServerStore(backend) } })
    const cases: [page: number, listed: number][] = [
      [1, 200],
      [2, 250],
      [20, 1200],
      [1_000_000, 1200],
    ]
    for (const [page, most] of cases) {
      Object.assign(read, { listed: 0, loaded: 0, isClosed: false })
      const html = await operator.page(`?view=sessions&page=${page}`)
      assert.equal(html.match(/<tr role="row">/g)?.length, 51)
      assert.ok(html.length < 100_000)
      assert.ok(read.listed <= most && read.loaded <= most, JSON.stringify(read))
      assert.ok(read.isClosed)
    }
    assert.match(await operator.page('?view=sessions&page=20'), /The list ends here/)
  })

  test('are counted up to a limit, and not at each request', async t => {
    // A busy machine may need longer than the inspector counts.
    t.mock.method(AbortSignal, 'timeout', () => new AbortController().signal)
    const { backend, read } = await huge()
    const operator = operate({ stores: { login: new ServerStore(backend) }, nowMs: () => 0 })
    assert.match(await operator.page(''), /<dt>Alive<\/dt><dd><b>100,000\+<\/b>/)
    assert.ok(read.listed <= 100_050, String(read.listed))
    assert.equal(read.loaded, 0)
    for (let request = 0; request < 5; request++) await operator.page('')
    assert.ok(read.listed <= 100_050)
  })

  test('of one owner are listed up to a limit', async () => {
    const { backend, read } = await huge()
    const operator = operate({ stores: { login: new ServerStore(backend) } })
    const html = await operator.page('?view=sessions&owner=ann')
    assert.equal(html.match(/<tr role="row">/g)?.length, 201)
    assert.match(html, /This owner has more: the first 200/)
    assert.ok(read.loaded <= 1000, String(read.loaded))
  })

  test('need no more memory than one', async () => {
    const store = new ServerStore(memory({ maxRecords: 100 }))
    const operator = operate({ stores: { login: store } })
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const used = (): number => {
      collect()
      return process.memoryUsage().heapUsed
    }
    const traffic = async (requests: number): Promise<void> => {
      for (let index = 0; index < requests; index++) {
        await visit(store, signIn(`owner ${index}`, { text: 'x'.repeat(100) }))
      }
    }
    await traffic(2000)
    const before = used()
    await traffic(8000)
    const grown = used() - before
    assert.ok(grown < 5_000_000, `${grown} bytes`)
    assert.ok((await operator.page('?view=timeline')).length < 200_000)
  })
})
