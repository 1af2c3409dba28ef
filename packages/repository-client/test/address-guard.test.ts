import { describe, test } from 'vitest'
import { createAddressGuard } from '../src/address-guard.ts'
import { failureOf } from './upstream.ts'

describe('createAddressGuard()', () => {
  const PUBLIC = new URL('https://203.0.113.7/channel')

  test('lets a public channel lead to public addresses and names only', async ({ expect }) => {
    const guard = createAddressGuard({ home: PUBLIC, proxied: false })
    const outcome = async (url: string): Promise<string | undefined> => guard.admit(new URL(url), url).then(() => undefined, (error: { readonly code: string }) => error.code)
    expect(await outcome('https://198.51.100.9/')).toBeUndefined()
    expect(await outcome('https://cdn.example.org/')).toBeUndefined()
    for (const url of ['http://127.0.0.1/', 'http://10.0.0.1/', 'http://0x7f.1/', 'http://localhost/', 'http://a.localhost/', 'http://[::1]/', 'http://[fd00::1]/']) {
      expect([url, await outcome(url)]).toEqual([url, 'REDIRECT_REFUSED'])
    }
  })

  test('checks a name when it is connected to, so that the name server cannot change its mind', async ({ expect }) => {
    const guard = createAddressGuard({ home: PUBLIC, proxied: false })
    const resolve = async (all: boolean): Promise<unknown> => new Promise((done, fail) => {
      guard.lookup('localhost', { all }, (error, address) => (error === null ? done(address) : fail(error)))
    })
    for (const all of [true, false]) expect((await failureOf(resolve(all))).code).toBe('REDIRECT_REFUSED')
  })

  test('gives the addresses that are allowed, in both forms that Node asks for', async ({ expect }) => {
    const guard = createAddressGuard({ home: new URL('http://127.0.0.1/'), proxied: false })
    const one = await new Promise((done) => guard.lookup('localhost', { family: 4 }, (error, address, family) => done([error, address, family])))
    const all = await new Promise((done) => guard.lookup('localhost', { all: true, family: 4 }, (error, addresses) => done([error, addresses])))
    expect(one).toEqual([null, '127.0.0.1', 4])
    expect(all).toEqual([null, [{ address: '127.0.0.1', family: 4 }]])
  })

  test('passes on that a name does not exist', async ({ expect }) => {
    const guard = createAddressGuard({ home: PUBLIC, proxied: false })
    const error = await new Promise((done) => guard.lookup('does-not-exist.invalid', {}, done))
    expect(error).toMatchObject({ syscall: 'getaddrinfo' })
  })
})
