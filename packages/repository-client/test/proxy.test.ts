import { describe, test } from 'vitest'
import { proxyAuthorization, proxyFor } from '../src/proxy.ts'

const SETTINGS = { httpProxy: 'http://plain.proxy:3128', httpsProxy: 'secure.proxy:3129' }

describe('proxyFor()', () => {
  test('chooses by the scheme of the URL; the scheme of the proxy may be left out', ({ expect }) => {
    expect(proxyFor(new URL('http://a.org/x'), SETTINGS)?.host).toBe('plain.proxy:3128')
    expect(proxyFor(new URL('https://a.org/x'), SETTINGS)?.host).toBe('secure.proxy:3129')
    expect(proxyFor(new URL('https://a.org/x'), {})).toBeUndefined()
    expect(proxyFor(new URL('https://a.org/x'), { httpsProxy: '' })).toBeUndefined()
  })

  test.for([
    ['http://conda.example.org/', 'example.org', true],
    ['http://conda.example.org/', '.example.org', true],
    ['http://conda.example.org/', '*.example.org', true],
    ['http://badexample.org/', 'example.org', false],
    ['http://example.org/', 'localhost, example.org', true],
    ['http://example.org:8080/', 'example.org:80', false],
    ['http://example.org/', 'example.org:80', true],
    ['https://example.org/', 'example.org:443', true],
    ['http://EXAMPLE.org/', 'Example.ORG', true],
    ['http://10.1.2.3/', '10.0.0.0/8', true],
    ['http://11.1.2.3/', '10.0.0.0/8', false],
    ['http://10.1.2.3/', '1.2.3', false],
    ['http://[::1]:80/', '::1', true],
    ['http://anything/', '*', true],
    ['http://anything/', ' , ', false],
    ['http://anything/', '10.0.0.0/99', false],
  ] as const)('%s with NO_PROXY=%j is exempt: %s', ([url, noProxy, exempt], { expect }) => {
    expect(proxyFor(new URL(url), { ...SETTINGS, noProxy }) === undefined).toBe(exempt)
  })

  test('refuses other kinds of proxies without showing their credentials', ({ expect }) => {
    expect(() => proxyFor(new URL('http://a.org'), { httpProxy: 'socks5://user:hunter2@host:1' })).toThrow(/Cannot use the proxy: its address is not an http: or https: URL/)
  })
})

test('proxyAuthorization() decodes what stands in the URL', ({ expect }) => {
  expect(proxyAuthorization(new URL('http://user:p%40ss@proxy'))).toBe(`Basic ${Buffer.from('user:p@ss').toString('base64')}`)
  expect(proxyAuthorization(new URL('http://proxy'))).toBeUndefined()
})
