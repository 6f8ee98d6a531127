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

interface RequestFields {
  readonly encrypted?: boolean
  readonly peer?: string
  readonly [header: string]: string | boolean | undefined
}

/** A request in the shape of Node's, with these headers and this peer. */
function node({ encrypted, peer = '10.0.0.1', ...headers }: RequestFields): OriginRequest {
  const withHost = { host: 'shop.example', ...headers } as Record<string, string>
  return { headers: withHost, socket: { encrypted, remoteAddress: peer } }
}

const describeOrigin = (request: OriginRequest, trustProxy?: TrustProxy): string => {
  const { origin, scheme, address } = requestOrigin(request, trustProxy)
  return `${origin ?? `${scheme}, no host`} from ${address}`
}

suite('the origin of a request', () => {
  test('comes from the connection without trustProxy', () => {
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
    assert.equal(describeOrigin(node(hostile)), 'http://shop.example from 10.0.0.1')
    assert.equal(describeOrigin(node(hostile), 0), 'http://shop.example from 10.0.0.1')
    assert.equal(describeOrigin(node({ encrypted: true })), 'https://shop.example from 10.0.0.1')
  })

  test('comes from the URL of a web request', () => {
    const request = new Request('https://Shop.example:443/path', { headers: { host: 'other' } })
    assert.equal(describeOrigin(request), 'https://shop.example from undefined')
    const event = { headers: new Headers(), url: new URL('https://shop.example/') }
    assert.equal(describeOrigin(event), 'https://shop.example from undefined')
    assert.equal(
      describeOrigin(new Request('http://[::1]:3000/')),
      'http://[::1]:3000 from undefined',
    )
    const headers = { 'x-forwarded-proto': 'https', 'x-forwarded-for': '1.2.3.4' }
    const proxied = new Request('http://inside:8080/', { headers })
    assert.equal(describeOrigin(proxied, 1), 'https://inside:8080 from 1.2.3.4')
    assert.equal(
      describeOrigin(proxied, trustedAddresses(['loopback'])),
      'http://inside:8080 from undefined',
    )
    assert.equal(
      describeOrigin({ headers: { host: 'a' } as object, url: 'no url' }),
      'http://a from undefined',
    )
  })

  test('has a normalized host', () => {
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

  test('comes from X-Forwarded-* behind one trusted proxy', () => {
    const request = node({
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'www.example',
      'x-forwarded-for': '203.0.113.7',
    })
    assert.equal(describeOrigin(request, 1), 'https://www.example from 203.0.113.7')
    assert.equal(
      describeOrigin(request, (_, hop) => hop === 0),
      'https://www.example from 203.0.113.7',
    )
    const trust = trustedAddresses(['uniquelocal'])
    assert.equal(describeOrigin(request, trust), 'https://www.example from 203.0.113.7')
    assert.equal(
      describeOrigin(request, trustedAddresses(['loopback'])),
      'http://shop.example from 10.0.0.1',
    )
    assert.equal(
      describeOrigin(node({ 'x-forwarded-proto': 'wss' }), 1),
      'https://shop.example from 10.0.0.1',
    )
  })

  test('is read from the end of the headers, not from entries forged by the client', () => {
    const request = node({
      'x-forwarded-proto': 'https, http',
      'x-forwarded-host': 'evil.example, www.example',
      'x-forwarded-for': '10.9.9.9, 203.0.113.7',
    })
    for (const trust of [1, trustedAddresses(['10.0.0.0/8'])]) {
      assert.equal(describeOrigin(request, trust), 'http://www.example from 203.0.113.7')
    }
  })

  test('follows the chain of trusted proxies', () => {
    const request = node({
      'x-forwarded-proto': 'https, https, http',
      'x-forwarded-for': '198.51.100.1, 203.0.113.7, 10.0.0.2',
    })
    assert.equal(describeOrigin(request, 1), 'http://shop.example from 10.0.0.2')
    assert.equal(describeOrigin(request, 2), 'https://shop.example from 203.0.113.7')
    assert.equal(
      describeOrigin(request, trustedAddresses(['10.0.0.0/8'])),
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

  test('comes from the nearest proxy only if the headers have no addresses', () => {
    assert.equal(
      describeOrigin(node({ 'x-forwarded-proto': 'https, http' }), 2),
      'http://shop.example from 10.0.0.1',
    )
  })

  test('comes only from Forwarded if that is the configured header', () => {
    const headers = {
      forwarded:
        'for="[2001:db8::7]:4711";proto=https;host="www.example:443", for=10.0.0.2;proto=http',
      'x-forwarded-proto': 'http',
      'x-forwarded-for': '1.2.3.4',
    }
    const trusting = (trust: number): TrustProxy => ({ trust, header: 'forwarded' })
    assert.equal(describeOrigin(node(headers), trusting(1)), 'http://shop.example from 10.0.0.2')
    assert.equal(describeOrigin(node(headers), trusting(2)), 'https://www.example from 2001:db8::7')
    assert.equal(describeOrigin(node(headers), { trust: 1 }), 'http://shop.example from 1.2.3.4')
    // A proxy that sets X-Forwarded-* passes on a Forwarded header that the client forged.
    const forged = { forwarded: 'for=1.1.1.1;proto=https', 'x-forwarded-proto': 'http' }
    assert.equal(describeOrigin(node(forged), 1), 'http://shop.example from 10.0.0.1')
  })

  test('ignores a malformed Forwarded header', () => {
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
        describeOrigin(node({ forwarded }), { trust: 2, header: 'forwarded' }),
        'http://shop.example from 10.0.0.1',
        forwarded,
      )
    }
    for (const forwarded of ['Proto=HTTPS', ' proto = x, proto=https', ';;proto="h\\ttps";,,']) {
      const request = node({ forwarded })
      const isValid = !forwarded.includes(' = ')
      assert.equal(requestOrigin(request, { trust: 1, header: 'forwarded' }).secure, isValid)
    }
  })

  test('has no address for obfuscated and named clients', () => {
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

  test('never becomes https because of headers that a client forged', () => {
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
        // One proxy, which appends its own values to those of the client.
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

  test('takes linear time for any headers', () => {
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
      // Quadratic time would be hours.
      const start = performance.now()
      const trust = trustedAddresses(['uniquelocal', '1.1.1.1'])
      for (const header of ['x-forwarded', 'forwarded'] as const) {
        assert.equal(requestOrigin(node(headers), { trust, header }).secure, false)
      }
      assert.ok(performance.now() - start < 30_000, made.slice(0, 5))
    }
  })

  test('refuses an invalid trustProxy', () => {
    for (const [trustProxy, message] of [
      [
        true,
        'trustProxy must be a number of proxies, a function or an object with `trust`, not a boolean',
      ],
      [
        'loopback',
        'trustProxy must be a number of proxies, a function or an object with `trust`, not a string',
      ],
      [
        null,
        'trustProxy must be a number of proxies, a function or an object with `trust`, not null',
      ],
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
  test('match addresses, ranges and named ranges', () => {
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

  test('refuse anything else', () => {
    for (const wrong of ['', 'localhost', '10.0.0.0/33', '10.0.0', '10/8', '1.2.3.4/', '::1/129']) {
      const message = `trustedAddresses: ${JSON.stringify(wrong)} is none of: an IP address, a CIDR range, loopback, linklocal, uniquelocal`
      assert.throws(() => trustedAddresses([wrong]), { name: 'TypeError', message })
    }
    assert.throws(() => trustedAddresses([7 as never]), /a number is none of: an IP address/)
    assert.throws(() => trustedAddresses('loopback' as never), /takes an array, not a string/)
  })
})

suite('with a real server', () => {
  test('an HTTP/1.1 connection has a host and an address', async () => {
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

  test('an HTTP/2 client without TLS cannot claim https', async () => {
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
