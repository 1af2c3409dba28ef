import fc from 'fast-check'
import { describe, test } from 'vitest'
import { isMirrorError, parseVersion, parseVersionSpec } from '../../src/index.ts'

describe('parseVersionSpec() matches as conda does', () => {
  // channels.md §1.13: answers of conda's own version.py.
  test.for([
    ['1.8.*', '1.8a', true], ['<2', '2.0rc1', true], ['=1.8', '1.8rc1', true], ['<2', '2.0a0', true], ['1.8*', '1.80', false],
    ['<2.0a0', '2.0dev0', true],
    ['1.8*', '1.8.1', true], ['>=1.0_', '1.0', true], ['!=1.2', '1.2.3', true], ['1.0', '1.0.0+0', true], ['!=1.2.*', '1.2.3', false],
    ['=1.2', '1.2.3+loc', true],
    ['~=0.5.3', '0.5.9', true], ['~=0.5.3', '0.6', false], ['1.2|>=2,<3', '2.5', true], ['>1.2.*', '1.2.3', true],
    ['(1.2|>=2),<3', '1.2', true],
    ['1.*.3', '1.2.3', true], ['^1\\.2.*$', '1.2.3', true],
  ] as const)('%s on %s: %s', ([spec, version, expected], { expect }) => {
    expect(parseVersionSpec(spec).matches(version)).toBe(expected)
    expect(parseVersionSpec(spec).matches(parseVersion(version))).toBe(expected)
  })

  // conda's tests/models/test_version.py, test_ver_eval.
  test.for([
    ['==1.7', '1.7.0', true], ['<=1.7', '1.7.0', true], ['<1.7', '1.7.0', false], ['>=1.7', '1.7.0', true], ['>1.7', '1.7.0', false],
    ['>=1.7', '1.6.7', false],
    ['>2013b', '2013a', false], ['>2013b', '2013k', true], ['>2013b', '3.0.0', false], ['>1.0.0a', '1.0.0', true], ['1.0*', '1.0', true],
    ['1.0*', '1.0.0', true],
    ['1.0.0*', '1.0', true], ['1.0.0*', '1.0.1', false], ['2013a*', '2013a', true], ['2013b*', '2013a', false],
    ['2013a*', '2013ab', true], ['1.2.4*', '1.3.4', false],
    ['1.2.3*', '1.2.3+4.5.6', true], ['1.2.3+4*', '1.2.3+4.5.6', true], ['1.2.3+5*', '1.2.3+4.5.6', false],
    ['1.2.4+5*', '1.2.3+4.5.6', false],
    ['=3.3', '3.3.1', true], ['=3.3.*', '3.4', false], ['!=3.3.*', '3.3.0.0', false], ['!=3.3', '3.3.0.0', false],
    ['!=3.3', '3.3.1', true],
    ['~=1.10', '1.11.0', true], ['~=1.10.0', '1.11.0', false], ['~=3.3.2', '3.3.1', false], ['~=3.3.2', '3.3.2.0', true],
    ['~=3.3.2|==2.2', '2.2.0', true],
    ['>=2.7, !=3.0.*, !=3.1.*, !=3.2.*, !=3.3.*', '3.3.4', false], ['>=2.7, !=3.0.*, !=3.1.*, !=3.2.*, !=3.3.*', '3.4a', true],
  ] as const)('%s on %s: %s', ([spec, version, expected], { expect }) => {
    expect(parseVersionSpec(spec).matches(version)).toBe(expected)
  })

  // conda's tests/models/test_version.py, test_match: all of them on 1.7.1.
  test.for([
    ['1.7.*', true], ['1.7.1', true], ['1.7.0', false], ['1.7', false], ['1.5.*', false], ['>=1.5', true], ['!=1.5', true],
    ['!=1.7.1', false], ['==1.7.1.0', true],
    ['1.7.*|1.8.*', true], ['>1.7,<1.8', true], ['>1.7.1,<1.8', false], ['^1.7.1$', true], ['^1\\.7\\.[0-9]+$', true],
    ['^1\\.8.*$', false], ['^1\\.[5-8]\\.1$', true],
    ['^[^1].*$', false], ['^[0-9+]+\\.[0-9+]+\\.[0-9]+$', true], ['^$', false], ['^.*$', true], ['1.7.*|^0.*$', true],
    ['1.6.*|^0.*$|1.7.1', true], ['1.6.*|^0.*$', false],
    ['1.6.*|^.*\\.7\\.1$|0.7.1', true], ['*', true], ['1.*.1', true], ['1.5.*|>1.7,<1.8', true], ['1.5.*|>1.7,<1.7.1', false],
    ['( (1.5|((1.6|1.7), 1.8), 1.9 |2.0))|2.1', false], ['((1.5|1.7.1),(1.7.*|9))', true], ['!=1.*.1', false], ['!=^1.*$', false],
    ['==1.7.*', true], ['*.7.*', true],
  ] as const)('%s on 1.7.1: %s', ([spec, expected], { expect }) => {
    expect(parseVersionSpec(spec).matches('1.7.1')).toBe(expected)
  })
})

describe('parseVersionSpec()', () => {
  test.for([
    ['', 0], ['~', 0], ['^', 0], ['^1.5', 0], ['1.2+', 0], ['+1.2', 0], ['++', 0], ['(1.5', 4], ['1.5)', 3], ['1.5||1.6', 4], ['==', 2],
    ['=', 1], ['>=', 2], ['<=', 2],
    ['><2.4.5', 1], ['!!2.4.5', 0], ['!', 0], ['===3.3.2', 2], ['~=3.3.2.*', 2], ['>=1.*.3', 2], ['>=*', 2], ['1.0 2.0', 3], ['1.0,', 4],
    ['a=)(=b', 1],
    ['>=^1$', 2], ['^(1$', 0], ['1.0@', 3], ['1,(2|3', 6],
  ] as const)('refuses %j at %i', ([text, position], { expect }) => {
    expect(() => parseVersionSpec(text)).toThrow(expect.objectContaining({ code: 'MATCH_SPEC_INVALID',
      details: expect.objectContaining({ position }) }))
  })

  test('refuses parentheses without end and text without end, soon', ({ expect }) => {
    for (const text of ['('.repeat(100_000), '('.repeat(5000), '1,'.repeat(100_000), '1|('.repeat(4000)]) {
      expect(() => parseVersionSpec(text)).toThrow(expect.objectContaining({ code: 'MATCH_SPEC_INVALID' }))
    }
  })

  test('matches text that is no version by its text only', ({ expect }) => {
    expect(['*', '^.*dirty$', '*-dirty', '1.*', '!=2',
      '>0'].filter((spec) => parseVersionSpec(spec.replace('*-', '*')).matches('1.0~dirty'))).toEqual(['*', '^.*dirty$', '*-dirty'])
  })

  const literal = fc.constantFrom('1', '1.2', '2.0rc1', '1!3.0', '1.0.1_', '4.1+loc', '0.5.3', '20230101123456')
  const clause = fc.oneof(
    fc.tuple(fc.constantFrom('', '==', '!=', '<', '<=', '>', '>=', '=', '~='), literal).map((parts) => parts.join('')),
    literal.map((text) => `${text}.*`), literal.map((text) => `!=${text}.*`),
    fc.constantFrom('*', '1.*.3', '^1\\.[0-9]+$', '^(a|b$)$', '!=^2$'),
  )
  const { spec } = fc.letrec<{ spec: string }>((tie) => ({
    spec: fc.oneof({ depthSize: 'small' }, clause,
    fc.tuple(tie('spec'), fc.constantFrom(',', '|', ' , '), tie('spec')).map((parts) => parts.join('')),
      tie('spec').map((inner) => `(${inner})`)),
  }))

  test('gives a canonical text that parses to the same', ({ expect }) => {
    fc.assert(fc.property(spec, literal, (text, version) => {
      const parsed = parseVersionSpec(text)
      const again = parseVersionSpec(parsed.text)
      expect(again.text).toBe(parsed.text)
      expect(again.matches(version)).toBe(parsed.matches(version))
    }), { numRuns: 2000 })
  })

  test('throws nothing but MATCH_SPEC_INVALID on any text', ({ expect }) => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...'01.*a|,()<>=!~^$[]\\+ -_?{}') })), (text) => {
      try {
        expect(typeof parseVersionSpec(text).matches('1.0')).toBe('boolean')
      } catch (error) {
        expect(isMirrorError(error, 'MATCH_SPEC_INVALID'), String(error)).toBe(true)
      }
    }), { numRuns: 5000 })
  })
})
