import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { type ErrorCode, SessionError } from 'silverback'
import { encode } from 'silverback/gob'
import {
  gob,
  nop,
  plainJson,
  SecureCookie,
  type SecureCookieOptions,
  type Serializer,
} from 'silverback/securecookie'
import { needs } from '../support/services/programs.ts'
import { type Peer, PeerError, usePeer } from './peer.ts'
import { assertSession, floatOf, itemsOf, pairsOf, session, type Tree, text } from './tree.ts'

const name = 'sid'
const now = 1_700_000_000
const hashKey = Buffer.from('0123456789abcdef0123456789abcdef')
const blockKey = Buffer.from('fedcba9876543210')

/** Options that both programs get. */
type Limits = Pick<SecureCookieOptions, 'maxAge' | 'minAge' | 'maxLength'>

interface Setting {
  title: 'gob' | 'json' | 'nop'
  serializer: Serializer
  /** A value, and the same value in Go. */
  value: unknown
  tree: Tree
}

const settings: Setting[] = [
  { title: 'gob', serializer: gob, value: { a: 'b' }, tree: session({ a: text('b') }) },
  { title: 'json', serializer: plainJson, value: 'a<b', tree: text('a<b') },
  {
    title: 'nop',
    serializer: nop,
    value: Uint8Array.of(1, 255),
    tree: { go: '[]uint8', hex: '01ff' },
  },
]

/** The result of decoding: a value, or the code of the error. */
type Verdict = { value: Tree | unknown } | { refused: ErrorCode }

/** Go's error messages, and the codes of the same errors in TypeScript. */
const codes: [RegExp, ErrorCode][] = [
  [/the value is too long/, 'text-too-long'],
  [/caused by: illegal base64/, 'base64-invalid'],
  [/the value is not valid$/, 'mac-invalid'],
  [/invalid timestamp$/, 'timestamp-invalid'],
  [/timestamp is too new$/, 'timestamp-too-new'],
  [/expired timestamp$/, 'timestamp-expired'],
  [/could not be decrypted$/, 'decryption-failed'],
  [/hash key is not set$/, 'hash-key-not-set'],
  [/caused by: crypto\/aes: invalid key size/, 'block-key-invalid'],
  [/caused by: securecookie: error - caused by/, 'deserialize-failed'],
]

function codeOf(message: string): ErrorCode {
  const found = codes.find(([pattern]) => pattern.test(message))
  assert.ok(found, `unknown error: ${message}`)
  return found[1]
}

function sign(signed: Buffer): Buffer {
  return createHmac('sha256', hashKey).update(`${name}|`).update(signed).digest()
}

/** Makes a cookie value with a valid signature, for any timestamp and payload. */
function signedText(seconds: string, payload: string): string {
  const signed = Buffer.from(`${seconds}|${payload}`)
  return padded(Buffer.concat([signed, Buffer.from('|'), sign(signed)]))
}

/** Encodes as padded base64url, like Go. */
function padded(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64').replaceAll('+', '-').replaceAll('/', '_')
}

/** Changes the unused bits of the last character, which Go ignores. */
function withUnusedBits(base64: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const padding = base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0
  assert.notEqual(padding, 0)
  const last = base64.length - padding - 1
  const other = alphabet[alphabet.indexOf(base64[last] as string) + 1]
  return `${base64.slice(0, last)}${other}${base64.slice(last + 1)}`
}

function insert(text: string, at: number, what: string): string {
  return text.slice(0, at) + what + text.slice(at)
}

/** Modified copies of a valid cookie value, by how they were modified. */
function manipulated(good: string): Record<string, string> {
  return {
    unchanged: good,
    empty: '',
    'one character': 'M',
    'four characters': 'MTcw',
    'a newline in the middle': insert(good, 8, '\n'),
    'newlines everywhere': [...good].join('\r\n'),
    'a newline at the end': `${good}\n`,
    'a newline in front': `\r\n${good}`,
    'a space in the middle': insert(good, 8, ' '),
    'a space at the end': `${good} `,
    'a tab at the end': `${good}\t`,
    'no padding': good.replace(/=+$/, ''),
    'more padding': `${good}=`,
    'padding within': insert(good, 8, '='),
    'padding in the middle of four': insert(good, 10, '=='),
    'a newline within the padding': good.replace(/=(=?)$/, '\n=\n$1'),
    'text after the padding': `${good}AAAA`,
    'the standard alphabet': good.replaceAll('-', '+').replaceAll('_', '/'),
    'a plus': `+${good.slice(1)}`,
    'percent-encoded': encodeURIComponent(good),
    'in quotes': `"${good}"`,
    'not ASCII': `é${good.slice(2)}`,
    'not Latin-1': `Ā${good.slice(1)}`,
    'a null character': insert(good, 8, '\0'),
    'cut in half': good.slice(0, good.length >> 1),
    'cut at four characters': good.slice(0, -4),
    twice: good + good,
    'other letters': good.toLowerCase(),
  }
}

/** Malformed cookie values, most of them with a valid signature. */
function crafted(payload: Buffer): Record<string, string> {
  const inner = padded(payload)
  const signed = Buffer.from(`${now}|${inner}`)
  const mac = sign(signed)
  const whole = (...parts: (Buffer | string)[]): string =>
    padded(Buffer.concat(parts.map(part => Buffer.from(part as string))))
  const seconds = [
    ...['', '0', '-1', '-5', `+${now}`, `-${now}`, `00${now}`, `+00${now}`, `${now}.0`, `${now}e0`],
    ...['1_700_000_000', '0x6553f100', ` ${now}`, `${now} `, `${now}\n`, '+', '-', '--1', '+-1'],
    ...['9223372036854775807', '9223372036854775808', '-9223372036854775808'],
    ...['-9223372036854775809', '9'.repeat(30), `${'0'.repeat(30)}${now}`, `-${'0'.repeat(30)}1`],
    ...['9007199254740993', '１７０００', 'NaN', 'Infinity'],
  ]
  return {
    ...Object.fromEntries(seconds.map(each => [`time "${each}"`, signedText(each, inner)])),
    'the payload has a newline': signedText(`${now}`, insert(inner, 2, '\n')),
    'the payload has no padding': signedText(`${now}`, inner.replace(/=+$/, '')),
    'the payload has more padding': signedText(`${now}`, `${inner}=`),
    'the payload has a space': signedText(`${now}`, `${inner} `),
    'the payload is not base64': signedText(`${now}`, '!!!!'),
    'the payload is in the standard alphabet': signedText(`${now}`, '+/+/'),
    'there is no payload': signedText(`${now}`, ''),
    'the payload has 1 byte': signedText(`${now}`, padded(Buffer.alloc(1))),
    'the payload has 15 bytes': signedText(`${now}`, padded(Buffer.alloc(15))),
    'the payload has 16 bytes': signedText(`${now}`, padded(Buffer.alloc(16))),
    'the payload has 17 bytes': signedText(`${now}`, padded(Buffer.alloc(17))),
    'one part': whole('x'),
    'two parts': whole('x|y'),
    'three empty parts': whole('||'),
    'no signature': whole(signed, '|'),
    'no signature and no pipe': whole(signed),
    'a signature cut short': whole(signed, '|', mac.subarray(0, 31)),
    'a signature with more': whole(signed, '|', mac, 'x'),
    'a fourth part': whole(signed, '|', mac, '|x'),
    'another signature': whole(signed, '|', Buffer.alloc(32)),
    'unused bits': withUnusedBits(longEnough(signed, mac)),
  }
}

/** Makes a cookie value that ends in padding, if necessary by adding a leading zero to the timestamp. */
function longEnough(signed: Buffer, mac: Buffer): string {
  const text = padded(Buffer.concat([signed, Buffer.from('|'), mac]))
  if (text.endsWith('=')) return text
  const longer = Buffer.concat([Buffer.from('0'), signed])
  return padded(Buffer.concat([longer, Buffer.from('|'), sign(longer)]))
}

suite('securecookie in TypeScript and Go', needs('go'), () => {
  const peer = usePeer()
  const seen = new Set<string>()

  /** Asserts that both programs decode a cookie value to the same value or error. */
  async function assertSameVerdict(
    encoded: string,
    { title, serializer }: Setting,
    key: Buffer | null,
    limits: Limits = {},
    signingKey: Buffer | null = hashKey,
  ): Promise<Verdict> {
    const keys = { hashKey: signingKey, blockKey: key }
    const there = await verdictOfGo(peer, encoded, title, { ...limits, ...keys })
    const here = verdictOf(encoded, { ...limits, ...keys, serializer })
    const what = `${title}: ${JSON.stringify(encoded.slice(0, 200))}`
    if ('refused' in there) {
      assert.deepEqual(here, there, what)
      seen.add(there.refused)
    } else {
      assert.ok('value' in here, `${what}: ${JSON.stringify(here)}`)
      assertSameValue(here.value, there.value as Tree)
      seen.add('accepted')
    }
    return there
  }

  for (const setting of settings) {
    for (const key of [null, blockKey]) {
      const how = `${setting.title}, ${key ? 'encrypted' : 'signed'}`
      const codec = new SecureCookie({
        hashKey,
        blockKey: key,
        serializer: setting.serializer,
        now: () => now,
      })
      const good = codec.encode(name, setting.value)

      test(`decodes what the other language encoded: ${how}`, async () => {
        const keys = { hashKey: hashKey.toString('hex'), blockKey: key?.toString('hex') ?? null }
        const params = { ...keys, name, serializer: setting.title, timestamp: now }
        const { encoded } = await peer.call('codec.encode', { ...params, value: setting.tree })
        assertSameValue(codec.decode(name, encoded), setting.tree)
        const { value } = await peer.call('codec.decode', { ...params, encoded: good })
        assert.equal(JSON.stringify(value), JSON.stringify(setting.tree))
        if (key === null && setting.title !== 'gob') assert.equal(good, encoded)
      })

      test(`treats modified cookie values like Go: ${how}`, async () => {
        for (const changed of Object.values(manipulated(good))) {
          await assertSameVerdict(changed, setting, key)
        }
      })

      test(`treats malformed cookie values like Go: ${how}`, async () => {
        const { payload } = codec.open(name, good)
        for (const text of Object.values(crafted(Buffer.from(payload)))) {
          await assertSameVerdict(text, setting, key, { maxAge: 0 })
          await assertSameVerdict(text, setting, key)
        }
      })

      test(`treats randomly modified cookie values like Go: ${how}`, async () => {
        const position = fc.nat({ max: good.length })
        const change = fc.tuple(position, position, fc.string({ maxLength: 3 }))
        const check = fc.asyncProperty(change, async ([start, end, inserted]) => {
          const text = good.slice(0, start) + inserted + good.slice(Math.max(start, end))
          await assertSameVerdict(text, setting, key)
        })
        await fc.assert(check, { numRuns: 100 })
      })
    }
  }

  test('has the limits of age and length that Go has', async () => {
    const [setting] = settings as [Setting]
    const inner = padded(encode({ a: 'b' }))
    const text = (age: number): string => signedText(String(now - age), inner)
    const limits: Limits[] = [
      {},
      { maxAge: 0 },
      { maxAge: -1 },
      { maxAge: 3600 },
      { minAge: 60 },
      { minAge: -60 },
      { maxAge: 3600, minAge: 60 },
      { maxAge: 60, minAge: 3600 },
      { maxLength: 0 },
      { maxLength: text(0).length },
      { maxLength: text(0).length - 1 },
    ]
    const ages = [-1e9, -61, -60, -59, -1, 0, 1, 59, 60, 61, 3599, 3600, 3601, 2_592_000, 2_592_001]
    for (const each of limits) {
      for (const age of ages) await assertSameVerdict(text(age), setting, null, each)
    }
  })

  test('treats missing, empty and wrong keys like Go', async () => {
    const [setting] = settings as [Setting]
    const good = new SecureCookie({ hashKey, now: () => now }).encode(name, { a: 'b' })
    for (const length of [0, 1, 15, 16, 24, 31, 32, 33]) {
      await assertSameVerdict(good, setting, Buffer.alloc(length))
    }
    const encrypted = new SecureCookie({ hashKey, blockKey, now: () => now })
    await assertSameVerdict(encrypted.encode(name, { a: 'b' }), setting, null)
    for (const none of [null, Buffer.alloc(0)]) {
      await assertSameVerdict(good, setting, null, {}, none)
      await assertSameVerdict(good, setting, Buffer.alloc(5), {}, none)
    }
  })

  const jsonTexts = [
    ...['"x"', ' \n\t\r"x"', '\ufeff"x"', '\v"x"', '\u00a0"x"', '"x" rest', '"x"rest', '"x""y"'],
    ...['{}x', '{"a":1}{"b":2}', '[]]', '[] ]', '}', ']', '1 2', '1x', '12abc', '1,', '1"', '1]'],
    ...[
      'true',
      'false',
      'null',
      'truefalse',
      'nul',
      'tru e',
      'True',
      'NaN',
      'Infinity',
      'undefined',
    ],
    ...[
      '0',
      '-0',
      '01',
      '-01',
      '00',
      '1.',
      '.5',
      '1.5',
      '-',
      '+1',
      '1e5',
      '1E+5',
      '1e',
      '1e400',
      '-1e400',
    ],
    ...['1e-400', '9007199254740993', '123456789012345678901234567890', '0.1e1', '0x10'],
    ...['{}', '{ "a" : 1 }', '{"a":1,"a":2}', '{"a":1,}', '{"a"}', '{"a":}', '{a:1}', "{'a':1}"],
    ...[
      '{"":1}',
      '{"__proto__":{"x":1}}',
      '{"constructor":1}',
      '[1,2]',
      '[1,]',
      '[,1]',
      '[1 2]',
      '[',
      '{',
    ],
    ...[
      '"',
      '"a',
      '"\\',
      '"\\"',
      '"\\x"',
      '"\\u12"',
      '"\\u0000"',
      '"\\/\\b\\f\\n\\r\\t"',
      '"a\nb"',
    ],
    ...[
      '"a\tb"',
      '"\u007f"',
      '"\u2028"',
      '"\\ud800"',
      '"\\udc00"',
      '"\\ud83d\\ude00"',
      '"\\ud800\\u0041"',
    ],
    ...['"\\\\ud800"', '"\\ude00\\ud83d"', '// x\n1', '/* x */1', '', ' ', '[[[[]]]]', '"é日本👩"'],
    `${'['.repeat(500)}${']'.repeat(500)}`,
    `${'['.repeat(500)}`,
  ]
  test('parses JSON like Go', async () => {
    const setting = settings[1] as Setting
    for (const json of jsonTexts) {
      await assertSameVerdict(signedText(`${now}`, padded(Buffer.from(json))), setting, null)
    }
    for (const bytes of ['22ff22', '22ed a080 22', '22c0 af22', 'ff', '22 61 22 ff']) {
      const payload = Buffer.from(bytes.replaceAll(' ', ''), 'hex')
      await assertSameVerdict(signedText(`${now}`, padded(payload)), setting, null)
    }
  })

  test('encodes random JSON that Go reads as the same values', async () => {
    const setting = settings[1] as Setting
    const codec = new SecureCookie({ hashKey, serializer: plainJson, now: () => now, maxLength: 0 })
    const values = fc.jsonValue({ stringUnit: 'binary', maxDepth: 4 })
    const check = fc.asyncProperty(values, async value => {
      const encoded = codec.encode(name, value)
      const there = await assertSameVerdict(encoded, setting, null, { maxLength: 0 })
      assert.ok('value' in there)
      assertSameValue(value, there.value as Tree)
    })
    await fc.assert(check, { numRuns: 300 })
  })

  test('met every kind of error', () => {
    const { length } = [...seen].filter(code => codes.some(([, known]) => known === code))
    assert.equal(length, codes.length, [...seen].join())
    assert.ok(seen.has('accepted'))
  })
})

interface Keys {
  hashKey: Buffer | null
  blockKey: Buffer | null
}

async function verdictOfGo(
  peer: Peer,
  encoded: string,
  serializer: string,
  { hashKey, blockKey, ...limits }: Limits & Keys,
): Promise<Verdict> {
  const keys = {
    hashKey: hashKey?.toString('hex') ?? null,
    blockKey: blockKey?.toString('hex') ?? null,
  }
  const params = { ...limits, ...keys, name, encoded, serializer, timestamp: now }
  try {
    const { value } = await peer.call('codec.decode', params)
    return { value }
  } catch (error) {
    assert.ok(error instanceof PeerError, String(error))
    return { refused: codeOf(error.message) }
  }
}

function verdictOf(encoded: string, options: SecureCookieOptions): Verdict {
  const codec = new SecureCookie({ ...options, now: () => now })
  try {
    return { value: codec.decode(name, encoded) }
  } catch (error) {
    assert.ok(error instanceof SessionError, String(error))
    return { refused: error.code }
  }
}

/** Compares a decoded value, of any serializer, with Go's tree of it. */
function assertSameValue(actual: unknown, tree: Tree): void {
  if (tree.go === session({}).go) assertSession(actual, tree)
  else if (tree.go === '[]uint8')
    assert.equal(Buffer.from(actual as Uint8Array).toString('hex'), tree.hex)
  else assert.deepEqual(actual, jsonOf(tree))
}

/** The JSON value that Go read as this tree. */
function jsonOf(tree: Tree): unknown {
  switch (tree.go) {
    case 'nil':
      return null
    case 'float64':
      return floatOf(tree.bits as string)
    case '[]interface {}':
      return itemsOf(tree).map(jsonOf)
    case 'map[string]interface {}':
      return Object.fromEntries(pairsOf(tree).map(([key, item]) => [key.v, jsonOf(item)]))
    default:
      return tree.v
  }
}
