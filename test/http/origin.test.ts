import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import http2 from 'node:http2'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { type OriginRequest, type RequestOrigin, requestOrigin, type TrustProxy } from 'silverback'
import { trustedAddresses } from 'silverback/proxies'

interface Sent {
  readonly encrypted?: boolean
  readonly peer?: string
  readonly [header: string]: string | boolean | undefined
}

/** What Node makes of these headers, from this peer. */
function node({ encrypted, peer = '10.0.0.1', ...headers }: Sent): OriginRequest {
  const known = { host: 'shop.example', ...headers } as Record<string, string>
  return { headers: known, socket: { encrypted, remoteAddress: peer } }
}

const asked = (request: OriginRequest, trustProxy?: TrustProxy): string => {
  const { origin, scheme, address } = requestOrigin(request, trustProxy)
  return `${origin ?? `${scheme}, no host`} from ${address}`
}

suite('the origin of a request', () => {
  test('is what the connection is, without trustProxy', () => {
    assert.deepEqual(requestOrigin(node({})), {
      scheme: 'http',
      host: 'shop.example',
      origin: 'http://shop.example',
      secure: false,
      address: '10.0.0.1',
    } satisfies RequestOrigin)
    const hostile = {
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-for': '1.2.3.4',
      forwarded: 'for=1.2.3.4;proto=https;host=evil.example',
    }
    assert.equal(asked(node(hostile)), 'http://shop.example from 10.0.0.1')
    assert.equal(asked(node(hostile), 0), 'http://shop.example from 10.0.0.1')
    assert.equal(asked(node({ encrypted: true })), 'https://shop.example from 10.0.0.1')
  })

  test('of a web request is in its URL', () => {
    const request = new Request('https://Shop.example:443/path', { headers: { host: 'other' } })
    assert.equal(asked(request), 'https://shop.example from undefined')
    const event = { headers: new Headers(), url: new URL('https://shop.example/') }
    assert.equal(asked(event), 'https://shop.example from undefined')
    assert.equal(asked(new Request('http://[::1]:3000/')), 'http://[::1]:3000 from undefined')
    const headers = { 'x-forwarded-proto': 'https', 'x-forwarded-for': '1.2.3.4' }
    const proxied = new Request('http://inside:8080/', { headers })
    assert.equal(asked(proxied, 1), 'https://inside:8080 from 1.2.3.4')
    assert.equal(
      asked(proxied, trustedAddresses(['loopback'])),
      'http://inside:8080 from undefined',
    )
    assert.equal(
      asked({ headers: { host: 'a' } as object, url: 'no url' }),
      'http://a from undefined',
    )
  })

  test('has its host in one form', () => {
    for (const [host, scheme, expected] of [
      ['Shop.Example', 'http', 'http://shop.example'],
      ['shop.example:80', 'http', 'http://shop.example'],
      ['shop.example:443', 'http', 'http://shop.example:443'],
      ['shop.example:443', 'https', 'https://shop.example'],
      ['[2001:DB8::1]:8080', 'http', 'http://[2001:db8::1]:8080'],
      ['127.0.0.1:3000', 'http', 'http://127.0.0.1:3000'],
      ['', 'http', undefined],
      ['a b', 'http', undefined],
      ['a/b', 'http', undefined],
      ['user@a', 'http', undefined],
      ['a:123456', 'http', undefined],
      ['a'.repeat(301), 'http', undefined],
    ] as const) {
      const request = node({ host, encrypted: scheme === 'https' })
      assert.equal(requestOrigin(request).origin, expected, host)
    }
    assert.equal(requestOrigin({ headers: {}, socket: {} }).origin, undefined)
  })

  test('is that of the client, as X-Forwarded-* of one proxy tell it', () => {
    const request = node({
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'www.example',
      'x-forwarded-for': '203.0.113.7',
    })
    assert.equal(asked(request, 1), 'https://www.example from 203.0.113.7')
    assert.equal(
      asked(request, (_, hop) => hop === 0),
      'https://www.example from 203.0.113.7',
    )
    const trust = trustedAddresses(['uniquelocal'])
    assert.equal(asked(request, trust), 'https://www.example from 203.0.113.7')
    assert.equal(
      asked(request, trustedAddresses(['loopback'])),
      'http://shop.example from 10.0.0.1',
    )
    assert.equal(
      asked(node({ 'x-forwarded-proto': 'wss' }), 1),
      'https://shop.example from 10.0.0.1',
    )
  })

  test('is read from the end: what the client wrote in front does not count', () => {
    const request = node({
      'x-forwarded-proto': 'https, http',
      'x-forwarded-host': 'evil.example, www.example',
      'x-forwarded-for': '10.9.9.9, 203.0.113.7',
    })
    for (const trust of [1, trustedAddresses(['10.0.0.0/8'])]) {
      assert.equal(asked(request, trust), 'http://www.example from 203.0.113.7')
    }
  })

  test('goes through as many proxies as are trusted', () => {
    const request = node({
      'x-forwarded-proto': 'https, https, http',
      'x-forwarded-for': '198.51.100.1, 203.0.113.7, 10.0.0.2',
    })
    assert.equal(asked(request, 1), 'http://shop.example from 10.0.0.2')
    assert.equal(asked(request, 2), 'https://shop.example from 203.0.113.7')
    assert.equal(
      asked(request, trustedAddresses(['10.0.0.0/8'])),
      'https://shop.example from 203.0.113.7',
    )
    const hops: unknown[] = []
    requestOrigin(request, (address, hop) => hops.push([address, hop]) > 0)
    assert.deepEqual(hops, [
      ['10.0.0.1', 0],
      ['10.0.0.2', 1],
      ['203.0.113.7', 2],
    ])
  })

  test('without addresses, comes from the nearest proxy alone', () => {
    assert.equal(
      asked(node({ 'x-forwarded-proto': 'https, http' }), 2),
      'http://shop.example from 10.0.0.1',
    )
  })

  test('is in Forwarded when that is what the proxies write, and then there alone', () => {
    const headers = {
      forwarded:
        'for="[2001:db8::7]:4711";proto=https;host="www.example:443", for=10.0.0.2;proto=http',
      'x-forwarded-proto': 'http',
      'x-forwarded-for': '1.2.3.4',
    }
    const told = (trust: number): TrustProxy => ({ trust, header: 'forwarded' })
    assert.equal(asked(node(headers), told(1)), 'http://shop.example from 10.0.0.2')
    assert.equal(asked(node(headers), told(2)), 'https://www.example from 2001:db8::7')
    assert.equal(asked(node(headers), { trust: 1 }), 'http://shop.example from 1.2.3.4')
    // A proxy that writes X-Forwarded-* passes on the Forwarded that a client made up.
    const made = { forwarded: 'for=1.1.1.1;proto=https', 'x-forwarded-proto': 'http' }
    assert.equal(asked(node(made), 1), 'http://shop.example from 10.0.0.1')
  })

  test('does not come from a malformed Forwarded', () => {
    for (const forwarded of [
      'proto',
      'proto=',
      'proto="https',
      'proto=https;proto=http',
      'proto=https x',
      'proto=ht tps',
      'for=x;proto=https;by=", for=1.2.3.4;proto=http',
      'for=x;proto=https;by=", for="[::1]";proto=http',
      '="https"',
    ]) {
      assert.equal(
        asked(node({ forwarded }), { trust: 2, header: 'forwarded' }),
        'http://shop.example from 10.0.0.1',
        forwarded,
      )
    }
    for (const forwarded of ['Proto=HTTPS', ' proto = x, proto=https', ';;proto="h\\ttps";,,']) {
      const request = node({ forwarded })
      const isFine = !forwarded.includes(' = ')
      assert.equal(requestOrigin(request, { trust: 1, header: 'forwarded' }).secure, isFine)
    }
  })

  test('of hidden and named clients has no address', () => {
    for (const hidden of ['unknown', '_hidden', 'localhost', '', '1.2.3.4; DROP', '<script>']) {
      assert.equal(requestOrigin(node({ 'x-forwarded-for': hidden }), 1).address, undefined)
    }
    for (const [text, address] of [
      ['203.0.113.7:4711', '203.0.113.7'],
      ['[2001:db8::7]:4711', '2001:db8::7'],
      ['2001:db8::7', '2001:db8::7'],
      ['::ffff:203.0.113.7', '203.0.113.7'],
      ['::ffff:cb00:7107', '::ffff:cb00:7107'],
    ]) {
      assert.equal(requestOrigin(node({ 'x-forwarded-for': text as string }), 1).address, address)
    }
  })

  test('never is https because of a client that no trusted proxy vouches for', () => {
    const schemes = fc.constantFrom(
      'https',
      'HTTPS',
      'wss',
      'http',
      '"https"',
      '',
      'x',
      '"',
      ',',
      ';',
    )
    const list = fc.array(schemes, { maxLength: 5 }).map(each => each.join(', '))
    const addresses = fc.oneof(fc.string(), fc.constantFrom('10.0.0.9', '10.0.0.9, 127.0.0.1'))
    const forwarded = fc.oneof(
      list.map(text => text.replace(/(^|, )/g, '$1proto=')),
      fc.string(),
      fc.string().map(made => `for=${made};proto=https, for="${made}`),
    )
    fc.assert(
      fc.property(list, forwarded, addresses, fc.string(), (proto, made, addresses, host) => {
        // One proxy, which appends what it sees to whatever the client sent.
        const request = node({
          'x-forwarded-proto': [proto, 'http'].filter(Boolean).join(', '),
          'x-forwarded-for': [addresses, '203.0.113.7'].filter(Boolean).join(', '),
          'x-forwarded-host': [host, 'www.example'].filter(Boolean).join(', '),
          forwarded: [made, 'for="203.0.113.7:80";proto=http'].filter(Boolean).join(', '),
        })
        const loopback = trustedAddresses(['loopback'])
        for (const trust of [1, trustedAddresses(['10.0.0.0/8']), loopback]) {
          for (const header of ['x-forwarded', 'forwarded'] as const) {
            assert.equal(requestOrigin(request, { trust, header }).secure, false)
          }
        }
      }),
    )
  })

  test('takes linear time, whatever the headers', () => {
    for (const made of [
      ' '.repeat(1e6),
      ','.repeat(1e6),
      ';'.repeat(1e6),
      'a'.repeat(1e6),
      `a=${'"'.repeat(1e6)}`,
      `a="${'\\'.repeat(1e6)}`,
      'a=b;'.repeat(2e5),
      '[:'.repeat(5e5),
      '1.1.1.1,'.repeat(1e5),
    ]) {
      const headers = Object.fromEntries(
        ['forwarded', 'x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host', 'host'].map(
          name => [name, made],
        ),
      )
      const start = performance.now()
      const trust = trustedAddresses(['uniquelocal', '1.1.1.1'])
      for (const header of ['x-forwarded', 'forwarded'] as const) {
        assert.equal(requestOrigin(node(headers), { trust, header }).secure, false)
      }
      assert.ok(performance.now() - start < 3000, made.slice(0, 5))
    }
  })

  test('refuses what is no trustProxy', () => {
    for (const [trustProxy, message] of [
      [true, 'trustProxy must be a number of proxies or a function, not a boolean'],
      ['loopback', 'trustProxy must be a number of proxies or a function, not a string'],
      [null, 'trustProxy must be a number of proxies or a function, not null'],
      [-1, 'trustProxy must be a whole number of at least 0, not -1'],
      [{ trust: '1' }, 'trustProxy must be a whole number of at least 0, not a string'],
      [{ trust: 1, header: 'via' }, "trustProxy.header must be 'x-forwarded' or 'forwarded'"],
    ] as const) {
      assert.throws(() => requestOrigin(node({}), trustProxy as never), { message })
    }
    assert.throws(() => requestOrigin('no request' as never), TypeError)
  })
})

suite('trusted addresses', () => {
  test('are addresses, ranges and names', () => {
    for (const [list, address, expected] of [
      [['loopback'], '127.0.0.1', true],
      [['loopback'], '127.9.9.9', true],
      [['loopback'], '::1', true],
      [['loopback'], '::ffff:127.0.0.1', true],
      [['loopback'], '::2', false],
      [['loopback'], '10.0.0.1', false],
      [['uniquelocal'], '192.168.3.4', true],
      [['uniquelocal'], 'fd00::1', true],
      [['linklocal'], 'fe80::1%eth0', true],
      [['10.0.0.0/8', '203.0.113.7'], '10.255.255.255', true],
      [['10.0.0.0/8', '203.0.113.7'], '203.0.113.7', true],
      [['10.0.0.0/8', '203.0.113.7'], '203.0.113.8', false],
      [['2001:db8::/32'], '2001:db8:1::1', true],
      [['2001:db8::1'], '2001:db8::2', false],
      [['0.0.0.0/0'], '2001:db8::2', false],
      [['loopback'], '0177.0.0.1', false],
      [['loopback'], '127.1', false],
      [['loopback'], 'localhost', false],
      [['loopback'], '', false],
      [['loopback'], undefined, false],
      [[], '127.0.0.1', false],
    ] as const) {
      assert.equal(trustedAddresses(list)(address, 0), expected, `${list}: ${address}`)
    }
  })

  test('are refused when they are something else', () => {
    for (const wrong of ['', 'localhost', '10.0.0.0/33', '10.0.0', '10/8', '1.2.3.4/', '::1/129']) {
      const message = `trustedAddresses: ${JSON.stringify(wrong)} is no IP address, no range and no name of one`
      assert.throws(() => trustedAddresses([wrong]), { name: 'TypeError', message })
    }
    assert.throws(() => trustedAddresses([7 as never]), /a number is no IP address/)
    assert.throws(() => trustedAddresses('loopback' as never), /takes a list, not a string/)
  })
})

suite('with a real server', () => {
  test('a connection over HTTP/1.1 tells host and address', async () => {
    const server = createServer((request, response) => {
      response.end(JSON.stringify(requestOrigin(request)))
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const { port } = server.address() as AddressInfo
    const headers = { 'x-forwarded-proto': 'https' }
    const response = await fetch(`http://127.0.0.1:${port}/`, { headers })
    const origin = `http://127.0.0.1:${port}`
    const host = `127.0.0.1:${port}`
    assert.deepEqual(await response.json(), {
      scheme: 'http',
      host,
      origin,
      secure: false,
      address: '127.0.0.1',
    })
    server.close()
  })

  test('a client over HTTP/2 without TLS is not believed that it has it', async () => {
    const server = http2.createServer((request, response) => {
      response.end(JSON.stringify(requestOrigin(request)))
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const client = http2.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    const stream = client.request({ ':scheme': 'https', ':authority': 'shop.example', host: 'x' })
    const { origin, address } = JSON.parse(await text(stream)) as RequestOrigin
    client.close()
    server.close()
    assert.equal(origin, 'http://shop.example')
    assert.equal(address, '127.0.0.1')
  })
})
