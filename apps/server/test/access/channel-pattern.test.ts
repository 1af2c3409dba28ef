import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseChannelPattern } from '../../src/access/channel-pattern.ts'

describe('parseChannelPattern()', () => {
  test.for([
    ['team', 'team', true], ['team', 'team/linux-64/a.conda', true], ['team', 'teams', false], ['team', 'a/team', false], ['team', '', false], ['team/', 'team/x', true],
    ['pkgs/main', 'pkgs/main/noarch', true], ['pkgs/main', 'pkgs', false], ['pkgs/main', 'pkgs/r', false], ['pkgs/*', 'pkgs/r/noarch', true], ['pkgs/*', 'pkgs', false],
    ['team-*', 'team-a/x', true], ['team-*', 'team-', true], ['team-*', 'team', false], ['*-dev', 'a-dev', true], ['*-dev', 'a-dev-b', false], ['a*b*c', 'aXbYc', true], ['a*b*c', 'acb', false], ['a*a', 'a', false],
    ['*', '', true], ['*', 'anything/below', true], ['Team', 'tEAM/x', true], ['é', 'e\u0301/x', true],
  ] as const)('%s covers %j: %s', ([pattern, path, covered]) => {
    expect(parseChannelPattern(pattern)?.covers(path === '' ? [] : path.split('/'))).toBe(covered)
  })

  test.for(['', '/', '/team', 'a//b', '.', '..', '../a', 'a/..', '.mirror', 'a/.mirror', 'a\\b', 'a\nb', '-', 'a/-/b'])('%j is none', (pattern) => {
    expect(parseChannelPattern(pattern)).toBeUndefined()
  })

  test('covers what an expression that does the same matches', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', '*'), minLength: 1, maxLength: 8 })
    fc.assert(fc.property(letters, fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 10 }), (pattern, name) => {
      const expression = new RegExp(`^${pattern.replaceAll('*', '.*')}$`)
      expect(parseChannelPattern(pattern)?.covers([name])).toBe(expression.test(name))
    }), { numRuns: 3000 })
  })
})
