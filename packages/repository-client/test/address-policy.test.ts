import { describe, test } from 'vitest'
import { addressScope, isScopeAllowed, literalAddress } from '../src/address-policy.ts'

describe('addressScope()', () => {
  test.for([
    ['93.184.216.34', 'public'], ['2606:2800:220:1::1', 'public'], ['172.15.0.1', 'public'], ['172.32.0.1', 'public'],
    ['127.0.0.1', 'loopback'], ['127.255.255.254', 'loopback'], ['::1', 'loopback'],
    ['10.1.2.3', 'private'], ['172.16.0.1', 'private'], ['192.168.1.1', 'private'], ['100.64.0.1', 'private'], ['fd00::1', 'private'],
    ['169.254.169.254', 'link-local'], ['fe80::1', 'link-local'],
    ['0.0.0.0', 'never'], ['::', 'never'], ['224.0.0.1', 'never'], ['255.255.255.255', 'never'], ['ff02::1', 'never'], ['example.org', 'never'],
    ['::ffff:127.0.0.1', 'loopback'], ['::ffff:7f00:1', 'loopback'], ['::ffff:a9fe:a9fe', 'link-local'], ['::127.0.0.1', 'loopback'],
    ['64:ff9b::10.0.0.1', 'private'], ['2002:7f00:1::', 'loopback'], ['64:ff9b::5db8:d822', 'public'],
  ] as const)('%s is %s', ([address, scope], { expect }) => {
    expect(addressScope(address)).toBe(scope)
  })
})

describe('isScopeAllowed()', () => {
  test('lets a public server send us to public ones only', ({ expect }) => {
    const scopes = ['public', 'private', 'loopback', 'link-local', 'never'] as const
    expect(scopes.map((scope) => isScopeAllowed('public', scope))).toEqual([true, false, false, false, false])
    expect(scopes.map((scope) => isScopeAllowed('private', scope))).toEqual([true, true, false, false, false])
    expect(scopes.map((scope) => isScopeAllowed('loopback', scope))).toEqual([true, true, true, false, false])
  })
})

describe('literalAddress()', () => {
  test('sees through every spelling that the URL parser normalises', ({ expect }) => {
    const hosts = ['http://127.1/', 'http://0x7f.1/', 'http://2130706433/', 'http://[::1]/', 'http://017700000001/'].map((url) => literalAddress(new URL(url).hostname))
    expect(hosts).toEqual(['127.0.0.1', '127.0.0.1', '127.0.0.1', '::1', '127.0.0.1'])
    expect(literalAddress('example.org')).toBeUndefined()
  })
})
