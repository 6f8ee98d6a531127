import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { suite, test } from 'node:test'
import {
  type Backend,
  CookieStore,
  type CookieStoreOptions,
  CookieTooLargeError,
  type Session,
  SessionError,
} from 'silverback'
import { memory } from 'silverback/memory'
import { cookieHeader, nodeRequest, nodeResponse, setCookieLines } from '../../support/http/http.ts'
import { keys } from '../../support/keys.ts'

/** Text that does not compress. */
const noise = (length: number): string => randomBytes(length).toString('latin1')
const letters = (length: number): string => 'x'.repeat(length)

/** A browser that keeps cookies from one request to the next. */
class Visitor {
  readonly jar = new Map<string, string>()
  lines: string[] = []
  readonly #store: CookieStore

  constructor(store: CookieStore) {
    this.#store = store
  }

  get header(): string {
    return [...this.jar].map(([name, value]) => `${name}=${value}`).join('; ')
  }

  async visit(change: (values: Record<string, unknown>, session: Session) => void): Promise<void> {
    const request = nodeRequest(this.header)
    const response = nodeResponse()
    const session = await this.#store.get(request, 'sid')
    change(session.values, session)
    await session.save(request, response)
    this.lines = setCookieLines(response)
    for (const line of this.lines) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line) as unknown as [string, string, string]
      if (/Max-Age=0/.test(line)) this.jar.delete(name)
      else this.jar.set(name, value)
    }
  }

  async read(header = this.header): Promise<{ values: object; reason: string | undefined }> {
    return this.#store.new(nodeRequest(header), 'sid')
  }
}

const storeWith = (options: Partial<CookieStoreOptions> = {}): CookieStore =>
  new CookieStore({ keys, ...options })

/** Returns the shortest text whose session needs at least this many bytes for cookie name and value. */
async function lettersFor(bytes: number): Promise<string> {
  const store = storeWith({ tooLarge: 'chunk', maxTotalBytes: 30_000 })
  for (let length = Math.floor((bytes - 100) * 0.75) - 30; ; length++) {
    const text = store.codecs[0]?.encode('sid', { text: letters(length) }) as string
    if (text.length + 'sid'.length >= bytes) return letters(length)
  }
}

suite('a session beyond 4096 bytes', () => {
  test('is refused by default, names its largest keys and sets no cookie', async () => {
    const visitor = new Visitor(storeWith())
    await visitor.visit(values => {
      values.user = 'ann'
    })
    const before = visitor.header
    await assert.rejects(
      visitor.visit(values => {
        Object.assign(values, { cart: letters(2000), history: letters(3000), note: letters(10) })
      }),
      (error: unknown) => {
        assert.ok(error instanceof CookieTooLargeError && error instanceof SessionError)
        assert.equal(error.code, 'cookie-too-large')
        assert.ok(error.isUsage)
        assert.equal(error.limit, 4096)
        assert.ok(error.bytes > 6600 && error.bytes < 6900)
        assert.deepEqual(
          error.largest.map(({ key }) => key),
          ['history', 'cart', 'note'],
        )
        assert.ok(error.largest.every(({ bytes }) => bytes > 10))
        assert.match(
          error.message,
          /^session "sid" needs \d+ bytes of cookies, and the limit is 4096; its largest keys: "history" 40\d\d, "cart"/,
        )
        assert.ok(!error.message.includes('xxx'))
        return true
      },
    )
    assert.equal(visitor.header, before)
  })

  test('counts the bytes of cookie name and value', async () => {
    const fits = await lettersFor(4094)
    const visitor = new Visitor(storeWith())
    await visitor.visit(values => {
      values.text = fits
    })
    const size = (visitor.lines[0] as string).split(';')[0]?.length as number
    assert.ok(size - 1 <= 4096 && size - 1 >= 4093, String(size))
    await assert.rejects(
      visitor.visit(values => {
        values.text = `${fits}xxxx`
      }),
      CookieTooLargeError,
    )
  })

  test('begins with byte 4097 of name and value', async () => {
    const store = storeWith()
    const fits = await lettersFor(4092 + 'sid'.length)
    const save = async (name: string): Promise<string[]> => {
      const [request, response] = [nodeRequest(), nodeResponse()]
      const session = await store.get(request, name)
      session.values.text = fits
      try {
        await session.save(request, response)
      } catch (error) {
        assert.ok(error instanceof CookieTooLargeError)
        assert.equal(error.bytes, 4097)
      }
      return setCookieLines(response).map(line => line.split(';')[0] as string)
    }
    const lengths = (await save('four')).map(pair => pair.length)
    assert.deepEqual(lengths, [4096 + '='.length])
    assert.deepEqual(await save('fives'), [])
  })

  test('counts UTF-8 bytes, not characters', async () => {
    await assert.rejects(
      new Visitor(storeWith()).visit(values => {
        values.text = 'é'.repeat(1600)
      }),
      CookieTooLargeError,
    )
  })
})

suite("tooLarge: 'chunk'", () => {
  const store = storeWith({ tooLarge: 'chunk', maxTotalBytes: 24_600 })

  for (let count = 1; count <= 6; count++) {
    test(`stores a session in ${count} ${count === 1 ? 'cookie' : 'cookies'}`, async () => {
      const visitor = new Visitor(store)
      const text = letters(Math.floor(2900 * (count - 0.5)))
      await visitor.visit(values => {
        values.text = text
      })
      assert.equal(visitor.jar.size, count)
      for (const line of visitor.lines) {
        const pair = line.split(';')[0] as string
        assert.ok(pair.length - 1 <= 4096, `${pair.length}`)
        assert.match(line, /; Path=\/; HttpOnly; Secure; SameSite=Lax$/)
      }
      assert.deepEqual((await visitor.read()).values, { text })
    })
  }

  test('deletes leftover chunks when a session shrinks or ends', async () => {
    const visitor = new Visitor(store)
    await visitor.visit(values => {
      values.text = letters(14_000)
    })
    assert.deepEqual([...visitor.jar.keys()], ['sid', 'sid.1', 'sid.2', 'sid.3', 'sid.4'])
    await visitor.visit(values => {
      values.text = letters(5000)
    })
    assert.deepEqual([...visitor.jar.keys()], ['sid', 'sid.1'])
    await visitor.visit(values => {
      values.text = 'short'
    })
    assert.deepEqual([...visitor.jar.keys()], ['sid'])
    await visitor.visit(values => {
      values.text = letters(5000)
    })
    const request = nodeRequest(visitor.header)
    const response = nodeResponse()
    const session = await store.get(request, 'sid')
    session.options.maxAge = 0
    await session.save(request, response)
    assert.equal(setCookieLines(response).length, 2)
    assert.equal(cookieHeader(response), '')
  })

  test('deletes leftover chunks of an earlier save of the same response', async () => {
    const request = nodeRequest()
    const response = nodeResponse()
    const session = await store.get(request, 'sid')
    session.values.text = letters(9000)
    await session.save(request, response)
    session.values.text = 'short'
    await session.save(request, response)
    assert.deepEqual(
      cookieHeader(response)
        .split('; ')
        .map(pair => pair.split('=')[0]),
      ['sid'],
    )
  })

  test('rejects mixed, missing, reordered, repeated and stale chunks', async () => {
    const one = new Visitor(store)
    const two = new Visitor(store)
    for (const visitor of [one, two]) {
      await visitor.visit(values => {
        values.text = noise(5000)
      })
      assert.ok(visitor.jar.size >= 3)
    }
    const [a0, a1, a2] = ['sid', 'sid.1', 'sid.2'].map(name => one.jar.get(name) as string)
    const b1 = two.jar.get('sid.1') as string
    const rest = [...one.jar].slice(3).map(([name, value]) => `; ${name}=${value}`)
    const resultOf = async (...chunks: [string, string][]): Promise<unknown> => {
      const pairs = chunks.map(([name, value]) => `${name}=${value}`).join('; ')
      const { values, reason } = await one.read(pairs + rest.join(''))
      if (Object.keys(values).length > 0) return 'a session'
      // Stray bits in the last character are detected before the tag is verified.
      return reason === 'bad-mac' ? 'malformed' : reason
    }
    const at = (index: number, value: unknown): [string, string] => [
      index === 0 ? 'sid' : `sid.${index}`,
      value as string,
    ]
    assert.equal(await resultOf(at(0, a0), at(1, a1), at(2, a2)), 'a session')
    assert.equal(await resultOf(at(2, a2), at(0, a0), at(1, a1)), 'a session')
    assert.equal(await resultOf(at(0, a0), at(1, b1), at(2, a2)), 'malformed')
    assert.equal(await resultOf(at(0, a0), at(1, a2), at(2, a1)), 'malformed')
    assert.equal(await resultOf(at(0, a0), at(1, a1), at(2, a1)), 'malformed')
    assert.equal(await resultOf(at(0, a0), at(1, a1)), 'malformed')
    assert.equal(await resultOf(at(0, a0)), 'malformed')
    assert.equal(await resultOf(at(1, a1), at(2, a2)), 'no-cookie')
    // The first of two cookies with one name is used.
    assert.equal(await resultOf(at(0, a0), at(1, b1), at(1, a1), at(2, a2)), 'malformed')
    const whole = (a0 as string).replace(/^\d+\./, '')
    assert.equal(await resultOf(at(0, whole), at(1, a1), at(2, a2)), 'malformed')
    for (const count of ['0', '1', '2', '02', '16', '17', '99', '-3', '']) {
      const reason = await resultOf(at(0, `${count}.${whole}`), at(1, a1), at(2, a2))
      assert.equal(reason, 'malformed', count)
    }
  })

  test('refuses a total beyond maxTotalBytes', async () => {
    const small = new Visitor(storeWith({ tooLarge: 'chunk' }))
    await small.visit(values => {
      values.text = letters(8500)
    })
    await assert.rejects(
      small.visit(values => {
        values.text = letters(9500)
      }),
      (error: unknown) => {
        assert.ok(error instanceof CookieTooLargeError)
        assert.match(error.message, /its largest keys: "text" 12\d\d\d$/)
        return true
      },
    )
  })
})

suite("tooLarge: 'spill'", () => {
  test('moves a session to the backend and back', async () => {
    let now = 1_700_000_000
    const clock = (): number => now
    const backend = memory({ now: clock })
    const visitor = new Visitor(storeWith({ tooLarge: 'spill', spillTo: backend, now: clock }))
    const big = noise(6000)
    await visitor.visit(values => {
      values.text = big
    })
    const spilled = visitor.header
    assert.match(spilled, /^sid=~[\w-]{50,200}$/)
    assert.deepEqual((await visitor.read()).values, { text: big })

    const other = noise(7000)
    await visitor.visit(values => {
      values.text = other
    })
    assert.deepEqual((await visitor.read()).values, { text: other })
    // The id stays the same, so a request with the first cookie reads the current session.
    assert.deepEqual((await visitor.read(spilled)).values, { text: other })

    await visitor.visit(values => {
      values.text = 'short'
    })
    assert.match(visitor.header, /^sid=[\w-]+$/)
    assert.deepEqual((await visitor.read()).values, { text: 'short' })
    // The answer with the first cookie may have been the last to arrive.
    now += 3600
    assert.deepEqual((await visitor.read(spilled)).values, { text: other })
    now += 30 * 86_400
    assert.equal((await visitor.read(spilled)).reason, 'expired')
  })

  test('keeps a spilled session in the backend if a store without spilling refuses its size', async () => {
    const backend = memory()
    const visitor = new Visitor(storeWith({ tooLarge: 'spill', spillTo: backend }))
    const big = noise(6000)
    await visitor.visit(values => {
      values.text = big
    })
    const strict = new CookieStore({ keys, spillTo: backend })
    const request = nodeRequest(visitor.header)
    const session = await strict.get(request, 'sid')
    session.values.more = noise(100)
    await assert.rejects(session.save(request, nodeResponse()), CookieTooLargeError)
    assert.deepEqual((await visitor.read()).values, { text: big })
  })

  test('ends the record when a rotated session fits into its cookie again', async () => {
    const visitor = new Visitor(storeWith({ tooLarge: 'spill', spillTo: memory() }))
    await visitor.visit(values => {
      values.text = noise(6000)
    })
    const spilled = visitor.header
    await visitor.visit((values, session) => {
      values.text = 'short'
      session.rotate()
    })
    assert.deepEqual((await visitor.read()).values, { text: 'short' })
    assert.equal((await visitor.read(spilled)).reason, 'unknown-id')
  })

  test('deletes an ended session at once, and a slow request does not restore it', async () => {
    const backend = memory()
    const store = storeWith({ tooLarge: 'spill', spillTo: backend })
    const visitor = new Visitor(store)
    await visitor.visit(values => {
      values.text = noise(6000)
    })
    const slow = await store.new(nodeRequest(visitor.header), 'sid')
    const request = nodeRequest(visitor.header)
    const session = await store.get(request, 'sid')
    session.options.maxAge = 0
    await session.save(request, nodeResponse())
    assert.equal((await visitor.read()).reason, 'unknown-id')
    slow.values.late = true
    const response = nodeResponse()
    await slow.save(request, response)
    assert.deepEqual(setCookieLines(response), [])
    assert.equal((await visitor.read()).reason, 'unknown-id')
  })

  test('passes neither ids nor values to the backend', async () => {
    const seen: string[] = []
    const inner = memory()
    const backend = new Proxy(inner, {
      get(target, name: keyof Backend) {
        if (name === 'limitations') return target.limitations
        return (...args: never[]) => {
          seen.push(
            JSON.stringify(args, (_, part) =>
              part instanceof Uint8Array ? Buffer.from(part).toString('latin1') : part,
            ),
          )
          return (target[name] as (...args: never[]) => unknown).call(target, ...args)
        }
      },
    })
    const store = storeWith({ tooLarge: 'spill', spillTo: backend })
    const visitor = new Visitor(store)
    await visitor.visit(values => {
      values.text = `marker${noise(6000)}`
    })
    const { id } = await store.new(nodeRequest(visitor.header), 'sid')
    assert.ok(seen.length >= 2)
    assert.ok(!seen.join().includes(id as string) && !seen.join().includes('marker'))
  })

  test('binds a record to its id', async () => {
    const backend = memory()
    const records = new Map<string, Uint8Array>()
    const { create } = backend
    backend.create = (id, record) => {
      records.set(id, record.data)
      return create.call(backend, id, record)
    }
    const store = storeWith({ tooLarge: 'spill', spillTo: backend })
    const [one, two] = [new Visitor(store), new Visitor(store)]
    for (const visitor of [one, two]) {
      await visitor.visit(values => {
        values.text = noise(6000)
      })
    }
    const [[first], [, second]] = [...records] as [[string, Uint8Array], [string, Uint8Array]]
    const current = await backend.load(first)
    assert.ok(current)
    await backend.update(first, { data: second, expires: current.expires }, current.version)
    assert.equal((await one.read()).reason, 'bad-mac')
  })

  test('rejects with store-failed when the backend fails', async () => {
    const backend = memory()
    const store = storeWith({ tooLarge: 'spill', spillTo: backend })
    const visitor = new Visitor(store)
    await visitor.visit(values => {
      values.text = noise(6000)
    })
    const cause = new Error('connection refused')
    backend.load = () => Promise.reject(cause)
    await assert.rejects(visitor.read(), { code: 'store-failed', cause })
  })
})

suite('invalid options', () => {
  for (const [options, message] of [
    [{ tooLarge: 'ignore' }, /tooLarge must be 'throw', 'chunk' or 'spill'/],
    [{ tooLarge: 'spill' }, /tooLarge: 'spill' needs spillTo, a backend/],
    [{ maxTotalBytes: 4095 }, /maxTotalBytes must be a whole number of at least 4096, not 4095/],
  ] as [CookieStoreOptions, RegExp][]) {
    test(`are refused: ${message.source}`, () => {
      assert.throws(() => storeWith(options), { message })
    })
  }
})
