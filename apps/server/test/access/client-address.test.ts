import { createServer, type IncomingMessage } from 'node:http'
import { describe, test } from 'vitest'
import { createClientReader, isNetwork, placeOf } from '../../src/access/client-address.ts'

const PROXIES = ['127.0.0.1', '10.0.0.0/8', 'fd00::/8']

async function ask(proxies: readonly string[], forwarded: string | undefined): Promise<unknown> {
  const { promise, resolve } = Promise.withResolvers<IncomingMessage>()
  const server = createServer((request, response) => {
    resolve(request)
    response.end()
  }).listen(0, '127.0.0.1')
  await new Promise((done) => { server.once('listening', done) })
  const address = server.address()
  const answered = fetch(`http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/`, { headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded } })
  const client = createClientReader(proxies)(await promise)
  await answered
  server.close()
  return client
}

describe('createClientReader()', () => {
  test.for([
    ['what a client says of itself is not believed', [], '1.2.3.4', '127.0.0.1', false],
    ['what a proxy says is', PROXIES, '1.2.3.4', '1.2.3.4', true],
    ['what stood there before it came to a proxy anybody may have written', PROXIES, '9.9.9.9, 1.2.3.4', '1.2.3.4', true],
    ['proxies behind one another', PROXIES, '9.9.9.9, 1.2.3.4, 10.1.2.3', '1.2.3.4', true],
    ['a client that is a proxy itself', PROXIES, '10.1.2.3', '10.1.2.3', true],
    ['a proxy that says nothing', PROXIES, undefined, '127.0.0.1', true],
    ['no address', PROXIES, 'unknown', '127.0.0.1', true], ['no address before a proxy', PROXIES, 'x, 10.1.2.3', '10.1.2.3', true],
    ['IPv6', PROXIES, '2001:db8::1, fd00::2', '2001:db8::1', true], ['with a port', PROXIES, '1.2.3.4:5678', '1.2.3.4', true], ['IPv6 with a port', PROXIES, '[2001:db8::1]:5678', '2001:db8::1', true],
    ['IPv4 in IPv6', PROXIES, '::ffff:1.2.3.4', '1.2.3.4', true],
  ] as const)('%s', async ([, proxies, forwarded, address, isForwarded], { expect }) => {
    expect(await ask(proxies, forwarded)).toEqual({ address, isForwarded })
  })
})

test('isNetwork() knows addresses and networks', ({ expect }) => {
  for (const text of ['127.0.0.1', '::1', '10.0.0.0/8', 'fd00::/8', '0.0.0.0/0']) expect(isNetwork(text), text).toBe(true)
  for (const text of ['', 'localhost', '10.0.0.0/33', '::/129', '10.0.0/8', '10.0.0.0/8/8', '10.0.0.0/', '1.2.3.4/x']) expect(isNetwork(text), text).toBe(false)
})

test.for([
  ['1.2.3.4', '1.2.3.4'], ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'], ['2001:DB8:1:2::9', '2001:db8:1:2::/64'], ['2001:db8::1', '2001:db8:0:0::/64'], ['::1', '0:0:0:0::/64'], ['fe80::1%eth0', 'fe80:0:0:0::/64'], ['', ''],
] as const)('placeOf(%s) is %s', ([address, place], { expect }) => {
  expect(placeOf(address)).toBe(place)
})
