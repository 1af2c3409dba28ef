import fc from 'fast-check'
import { describe, test } from 'vitest'
import { isMirrorError, parseStringPattern } from '../../src/index.ts'

const matches = (pattern: string, value: string): boolean => parseStringPattern(pattern).matches(value)

describe('parseStringPattern()', () => {
  test.for([
    ['MIT', 'mit', true], ['mit', 'MIT', true], ['mit', 'mit-0', false], ['GPL*', 'gpl-3.0-only', true], ['*GPL*', 'LGPLv3+', true],
    ['*v3+', 'LGPLv3+', true],
    ['*v3+', 'LGPLv33', false], ['gpl', 'LGPL', false], ['a*b*c', 'aXbXc', true], ['a*b*c', 'acb', false], ['ab*ba', 'aba', false],
    ['a*b*b', 'ab', false], ['a*b*b', 'abb', true], ['*a*a', 'a', false],
    ['ab*ba', 'abba', true], ['*', '', true],
    ['**', 'x', true], ['a**b', 'ab', true], ['py*_0', 'PY27_0', true], ['[a-z]*', 'b', false], ['[a-z]*', '[A-Z]x', true],
    ['a.c*', 'abc', false], ['^x', '^x', true], ['x$', 'X$', true],
  ] as const)('%s on %s: %s', ([pattern, value, expected], { expect }) => {
    expect(matches(pattern, value)).toBe(expected)
  })

  test.for([
    ['^py(thon)?$', 'Python', true], ['^py(thon)?$', 'pyth', false], ['^[^a-c]+$', 'xyz', true], ['^[^A-C]+$', 'xbz', false],
    ['^a{2,3}$', 'aa', true], ['^a{2,3}$', 'aaaa', false],
    ['^a{2}$', 'aaa', false], ['^a{2,}$', 'aaaaa', true], ['^(?:ab|cd)*?$', 'abcdab', true], ['^(?:ab|cd)*?$', 'abc', false],
    ['^\\d+\\.\\d+$', '1.22', true], ['^\\d+\\.\\d+$', '1x22', false],
    ['^\\w+\\s\\W$', 'a_1 -', true], ['^.*\\bfoo\\b.*$', 'a-foo-b', true], ['^.*\\bfoo\\b.*$', 'a_foo_b', false], ['^a|b$', 'xxb', true],
    ['^a|b$', 'axx', true], ['^a|b$', 'xax', false],
    ['^[]a]$', ']', true], ['^[^]a]$', 'b', true], ['^[a-]$', '-', true], ['^[\\d-]+$', '1-2', true], ['^[A-Z]+$', 'abc', true],
    ['^\\$\\^$', '$^', true], ['^(a*)*$', 'aaa', true],
    ['^(a*)*$', 'aab', false], ['^(|a)+$', 'aa', true], ['^$', '', true], ['^$', 'a', false], ['^\\B$', '', true], ['^.$', '😀', true],
    ['^[^\\W_]+$', 'a1', true], ['^[^\\W_]+$', 'a_', false],
    ['^x{0}y$', 'y', true], ['^a??b$', 'ab', true], ['^.*_[01]$', 'py_2', false], ['^GPL(-[23])?$', 'gpl-3', true],
  ] as const)('%s on %s: %s', ([pattern, value, expected], { expect }) => {
    expect(matches(pattern, value)).toBe(expected)
  })

  test.for(['^(?=a)b$', '^(?!a)b$', '^(?<=a)b$', '^(?<n>a)$', '^(?P<n>a)$', '^(a)\\1$', '^(?i)a$', '^a**$', '^*$', '^a{3,2}$',
    '^a{9999}$', '^a{x}$', '^(a$', '^a)$', '^[a$', '^[b-a]$',
    '^(((a{100}){100}){100})$', '^(((){1000}){1000}){1000}$', `^${'('.repeat(200)}a${')'.repeat(200)}$`, '^\\p{L}$', '^\\x41$',
    'x'.repeat(1001), '^^*$'])('refuses %j', (pattern, { expect }) => {
    expect(() => parseStringPattern(pattern)).toThrow(expect.objectContaining({ code: 'MATCH_SPEC_INVALID' }))
  })

  // U16: each of these takes a backtracking engine longer than the age of the universe, so a test that ends is the proof.
  test.for(['^(a+)+$', '^(a|a)*$', '^(a|aa)+$', '^(.*a){20}$', '^(a*)*b$', '^([a-z]+)*1$', '^(.*)(.*)(.*)(.*)(.*)(.*)(.*)x$',
    '^(a?){100}a{100}$', '*a*a*a*a*a*a*a*a*b',
    `${'*a'.repeat(400)}*b`, `*${'a'.repeat(900)}b*`, '^(.*a.*)*[^a]$'])('%s ends on 100,000 letters', (pattern, { expect }) => {
    expect(matches(pattern, `${'a'.repeat(100_000)}!`)).toBe(pattern === '^(.*a.*)*[^a]$')
  })

  test('agrees with JavaScript on all it accepts', ({ expect }) => {
    const atom = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '\\d', '\\w', '1', '\\.', '(a|b)', '(?:ab)', '(a*b)', '()', '\\b')
    const repeat = fc.tuple(atom,
      fc.constantFrom('', '', '*', '+', '?', '{2}', '{1,2}', '*?')).map(([one, times]) => (one === '\\b' ? one : one + times))
    const pattern = fc.array(fc.oneof(repeat, fc.constant('|')), { minLength: 1, maxLength: 7 }).map((parts) => `^${parts.join('')}$`)
    const value = fc.string({ unit: fc.constantFrom('a', 'b', '1', '.', ' '), maxLength: 8 })
    fc.assert(fc.property(pattern, value, (text, candidate) => {
      expect(matches(text, candidate), `${text} on ${candidate}`).toBe(new RegExp(text, 'iu').test(candidate))
    }), { numRuns: 5000 })
  })

  test('agrees with JavaScript on globs', ({ expect }) => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '*', '.', '+'), maxLength: 8 })
    fc.assert(fc.property(text, text, (glob, value) => {
      if (glob.startsWith('^')) return
      expect(matches(glob, value)).toBe(new RegExp(`^${glob.replace(/[.+]/g, '\\$&').replaceAll('*', '.*')}$`, 'i').test(value))
    }), { numRuns: 3000 })
  })

  test('throws nothing but MATCH_SPEC_INVALID on any text', ({ expect }) => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom(...'ab01(){}[]|*+?.^$\\-,:=!<> d') }), (inner) => {
      try {
        expect(typeof parseStringPattern(`^${inner}$`).matches('ab01')).toBe('boolean')
      } catch (error) {
        expect(isMirrorError(error, 'MATCH_SPEC_INVALID'), String(error)).toBe(true)
      }
    }), { numRuns: 5000 })
  })
})
