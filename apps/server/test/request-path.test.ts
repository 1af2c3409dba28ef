import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseRequestPath } from '../src/request-path.ts'

describe('parseRequestPath()', () => {
  test.for([
    ['/', [], true], ['/team/linux-64/a-1.0-0.conda', ['team', 'linux-64', 'a-1.0-0.conda'], false], ['/team/', ['team'], true], ['/a%2Bb%21c', ['a+b!c'], false], ['/a+b!c?x=/../y', ['a+b!c'], false],
    ['/%C3%A9', ['é'], false], ['/a%252e', ['a%2e'], false], ['/a..b/c;d', ['a..b', 'c;d'], false],
  ] as const)('reads %s', ([target, segments, isFolder]) => {
    expect(parseRequestPath(target)).toEqual({ segments, token: undefined, isFolder })
  })

  test.for([['/t/abc-1/team/x', 'abc-1', ['team', 'x'], false], ['/t/abc', 'abc', [], true], ['/t/a%20b/x/', 'a b', ['x'], true]] as const)('takes the token off %s', ([target, token, segments, isFolder]) => {
    expect(parseRequestPath(target)).toEqual({ segments, token, isFolder })
  })

  test.for([
    '', 'x', '*', 'http://other/x', '//host/x', '/a//b', '/../x', '/a/../b', '/./a', '/%2e%2e/a', '/%2E%2e%2fa', '/a%2fb', '/a%5Cb', '/a\\b', '/%00', '/a%0ab', '/%', '/%zz', '/%c0%ae%c0%ae/x', '/%ff',
    '/.mirror/head', '/team/.mirror/lock', '/.git/config', '/team/.trash', '/t/x/..%2f', '/a%7f',
  ])('refuses %j', (target) => {
    expect(parseRequestPath(target)).toBeUndefined()
  })

  test('never gives a name that leads elsewhere', () => {
    const piece = fc.oneof(fc.constantFrom('/', '%2f', '%2F', '..', '%2e', '.', '\\', '%5c', '%00', '%', '%25', ';', '?', 't', 'a', '%c0%af', '%e2%80%a6'), fc.string({ maxLength: 3 }))
    fc.assert(fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      for (const segment of parseRequestPath(`/${pieces.join('')}`)?.segments ?? []) {
        expect(segment).not.toMatch(/[/\\]|^\.|^$/)
        expect(segment.includes('\0')).toBe(false)
      }
    }), { numRuns: 5_000 })
  })
})
