import fc from 'fast-check'
import { describe, test } from 'vitest'
import { compareVersions, findVersion, isMirrorError, isVersion, parseVersion, type Version, versionStartsWith } from '../../src/index.ts'

/** The ladder of CEP 33: rows ascend, versions within a row are equal. */
const LADDER = [
  ['0.4', '0.4.0'], ['0.4.1.rc', '0.4.1.RC'], ['0.4.1+local'], ['0.4.1+0.local'], ['0.4.1', '0.4.1+0'], ['0.4.1+1.local'], ['0.5a1'],
  ['0.5b3'],
  ['0.5C1'], ['0.5'], ['0.9.6'], ['0.960923'], ['1.0'], ['1.1dev1'], ['1.1a1'], ['1.1.0dev1', '1.1.dev1'], ['1.1.a1'], ['1.1.0rc1'],
  ['1.1.0.0', '1.1.0', '1.1'], ['1.1.post1', '1.1.0post1'], ['1.1post1'], ['1996.07.12'], ['1!0.4.1'], ['1!3.1.1.6'], ['2!0.4.1'],
] as const

/** conda's tests/models/test_version.py. */
const OPENSSL = ['1.0.1dev', '1.0.1_', '1.0.1a', '1.0.1b', '1.0.1c', '1.0.1d', '1.0.1r', '1.0.1rc', '1.0.1rc1', '1.0.1rc2', '1.0.1s',
  '1.0.1',
  '1.0.1post.a', '1.0.1post.b', '1.0.1post.z', '1.0.1post.za', '1.0.2'] as const
const PEP_440 = ['1.0a1', '1.0a2.dev456', '1.0a12.dev456', '1.0a12', '1.0b1.dev456', '1.0b2', '1.0b2.post345.dev456', '1.0b2.post345',
  '1.0c1.dev456',
  '1.0c1', '1.0c3', '1.0rc2', '1.0.dev456', '1.0', '1.0.post456.dev34', '1.0.post456', '1.1.dev1', '1.2.r32+123456', '1.2.rev33+123456',
  '1.2+abc',
  '1.2+abc123def', '1.2+abc123', '1.2+123abc', '1.2+123abc456', '1.2+1234.abc', '1.2+123456', '1!1.0a1', '1!1.0.dev456', '1!1.0',
  '1!1.2+123456'] as const

const compare = (left: string, right: string): number => compareVersions(parseVersion(left), parseVersion(right))

function ascends(texts: readonly string[]): readonly (readonly [string, string])[] {
  const pairs = texts.flatMap((left, index) => texts.slice(index + 1).map((right) => [left, right] as const))
  return pairs.filter(([left, right]) => !(compare(left, right) < 0 && compare(right, left) > 0))
}

describe('compareVersions()', () => {
  test('orders the ladder of CEP 33, each with each', ({ expect }) => {
    expect(LADDER.flatMap((row,
      index) => row.flatMap((left) => LADDER.slice(index + 1).flat().filter((right) => compare(left, right) >= 0 || compare(right,
      left) <= 0)
      .map((right) => [left, right])))).toEqual([])
    expect(LADDER.flatMap((row) => row.flatMap((left) => row.filter((right) => compare(left, right) !== 0)))).toEqual([])
  })

  test('orders the versions of openssl and PEP 440 as conda does', ({ expect }) => {
    expect(ascends(OPENSSL)).toEqual([])
    expect(ascends(PEP_440)).toEqual([])
  })

  test('puts the fill of a leading letter in its place', ({ expect }) => {
    expect(compare('1.1.0rc', '1.1.rc')).toBe(0)
    expect(compare('1.1.rc', '1.1rc')).toBeGreaterThan(0)
    expect(compare('1.0-1', '1.0_1')).toBe(0)
    expect(compare('1.0.1_', '1.0.1a')).toBeLessThan(0)
    expect(compare('9b', '9b_')).toBeLessThan(0)
  })

  test('compares numbers of any size exactly', ({ expect }) => {
    expect(compare('20230101123456', '20230101123457')).toBeLessThan(0)
    expect(compare('9007199254740992', '9007199254740993')).toBeLessThan(0)
    expect(compare('99999999999999999999999', '99999999999999999999998')).toBeGreaterThan(0)
    expect(compare('00009007199254740993', '9007199254740993')).toBe(0)
    expect(compare('1.00000000000000000001', '1.1')).toBe(0)
    expect(compare('99999999999999999999999', '1.post')).toBeGreaterThan(0)
    expect(compare('1.99999999999999999999999', '1.0post')).toBeGreaterThan(0)
    expect(compare('1.0.99999999999999999999999', '1.0.0post')).toBeGreaterThan(0)
    expect(compare('1.99999999999999999999999', '1.99999999999999999999999post')).toBeLessThan(0)
  })

  const piece = fc.constantFrom('0', '1', '2', '10', '007', '9007199254740993', 'a', 'b', 'rc', 'dev', 'post', '1a', '2rc1', '0dev',
    '1post2')
  const body = fc.array(piece, { minLength: 1, maxLength: 4 }).map((pieces) => pieces.join('.'))
  const version: fc.Arbitrary<Version> = fc.tuple(fc.constantFrom('', '1!'), body, fc.constantFrom('', '_'),
    fc.oneof(fc.constant(''), body.map((local) => `+${local}`)))
    .map((parts) => parseVersion(parts.join('')))

  test('is a total order', ({ expect }) => {
    fc.assert(fc.property(version, version, version, (one, two, three) => {
      const [a, b, c] = [one, two, three].toSorted(compareVersions)
      if (a === undefined || b === undefined || c === undefined) throw new Error('three versions')
      expect(Math.sign(compareVersions(one, two))).toBe(-Math.sign(compareVersions(two, one)) + 0)
      expect(compareVersions(one, one)).toBe(0)
      expect(compareVersions(a, c)).toBeLessThanOrEqual(0)
      if (compareVersions(a, b) === 0) expect(Math.sign(compareVersions(b, c))).toBe(Math.sign(compareVersions(a, c)))
    }), { numRuns: 3000 })
  })

  test('takes a version for equal to itself in other letters', ({ expect }) => {
    fc.assert(fc.property(version, (one) => {
      expect(compareVersions(one, parseVersion(one.text.toUpperCase()))).toBe(0)
    }))
    expect(parseVersion('1.0RC1').text).toBe('1.0RC1')
  })

  test('agrees with versionStartsWith(): what is equal starts with the other', ({ expect }) => {
    fc.assert(fc.property(version, version, (one, two) => {
      const isEqual = compareVersions(one, two) === 0 && one.local.length === two.local.length
      expect(isEqual && !versionStartsWith(one, two)).toBe(false)
    }))
  })
})

describe('parseVersion()', () => {
  test.for([
    ['1.2g.beta15.rc', [[0], [1], [2, 'g'], [0, 'beta', 15], [0, 'rc']], []],
    ['1!2.15.1_ALPHA', [[1], [2], [15], [1], [0, 'alpha']], []],
    ['1!2.15.1alpha_', [[1], [2], [15], [1, 'alpha_']], []],
    ['1!2.15.1_alpha+1.2.3h123', [[1], [2], [15], [1], [0, 'alpha']], [[1], [2], [3, 'h', 123]]],
    ['1.0-1', [[0], [1], [0], [1]], []],
    ['v1.0', [[0], [0, 'v', 1], [0]], []],
    ['1.0_', [[0], [1], [0, '_']], []],
    ['1.0__', [[0], [1], [0], [0, '_']], []],
    ['14.3.1.post26.g9d75ca2', [[0], [14], [3], [1], [0, Infinity, 26], [0, 'g', 9, 'd', 75, 'ca', 2]], []],
    ['1.0.dev0', [[0], [1], [0], [0, 'DEV', 0]], []],
  ] as const)('splits %s', ([text, main, local], { expect }) => {
    expect(parseVersion(text)).toEqual({ text, main, local })
  })

  test.for(['1..0', '1.0@', '1.0~1', '1!2!3', '1.0+a+b', '', '_1', '_', '__', '  ', '3.5&1', '5.5++', '5.5..mw', '!', 'a!1.0', 'a!b!1.0',
    '!1', '1!', '1.0+', '+1',
    '+', '1.0.', '.1', '1._2', '1.*', ' 1.0', '1.0 ', '1.0-1_2', '1.0\n', '1٣', 'K'.repeat(256), '1.0+.1', '1/2', '../1'])('refuses %j',
    (text, { expect }) => {
    expect(isVersion(text)).toBe(false)
    expect(findVersion(text)).toBeUndefined()
    expect(() => parseVersion(text)).toThrow(expect.objectContaining({ code: 'VERSION_INVALID' }))
  })

  test('throws nothing but VERSION_INVALID on any text', ({ expect }) => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...'019a.b_+!-*dev ') })), (text) => {
      try {
        expect([parseVersion(text).text, isVersion(text)]).toEqual([text, true])
      } catch (error) {
        expect([isMirrorError(error, 'VERSION_INVALID'), isVersion(text)], String(error)).toEqual([true, false])
      }
    }), { numRuns: 3000 })
  })
})

describe('versionStartsWith()', () => {
  test.for([
    ['0.4.1', '0', true], ['0.4.1', '0.4', true], ['0.4.1p1', '0.4', true], ['0.4.1p1', '0.4.1p', true], ['0.4.1p1', '0.4.1q1', false],
    ['0.4', '0.4.1', false], ['0.4.1+1.3', '0.4.1', true], ['0.4.1+1.3', '0.4.1+1', true], ['0.4.1', '0.4.1+1.3', false],
    ['0.4.1+1', '0.4.1+1.3', false],
    ['2013ab', '2013a', true], ['2013a', '2013b', false], ['1.0', '1.0.0', true], ['1.0.1', '1.0.0', false], ['1!1.2', '1.2', false],
    ['1.80', '1.8', false],
    ['1.8a', '1.8', true], ['1.0dev', '1.0d', false],
  ] as const)('%s with %s: %s', ([version, prefix, expected], { expect }) => {
    expect(versionStartsWith(parseVersion(version), parseVersion(prefix))).toBe(expected)
  })
})
