import { describe, test } from 'vitest'
import { checkBudget, checkGuards, DEFAULT_LIMITS, type GuardLimits, type SubdirFacts } from '../src/index.ts'

const NOW = Date.UTC(2026, 0, 15)
const DAY = 24 * 3_600_000

const STEADY: SubdirFacts = {
  subdir: 'linux-64', base: 1000, target: 1000, removedByUpstream: 0, removedBySelection: 0, vanished: false,
  modified: { base: NOW - 2 * DAY, target: NOW - DAY }, newest: { base: NOW - 2 * DAY, target: NOW - DAY },
}

function judge(facts: Partial<SubdirFacts>, limits: Partial<GuardLimits> = {}): string {
  const verdicts = checkGuards([{ ...STEADY, ...facts }], { ...DEFAULT_LIMITS, ...limits }, NOW)
  return verdicts.map(({ guard, severity }) => `${severity} ${guard}`).join(', ')
}

describe('checkGuards()', () => {
  test.for<[string, Partial<SubdirFacts>, Partial<GuardLimits>, string]>([
    ['nothing against a change that only adds', {}, {}, ''],
    ['an empty index where ours is not', { target: 0, removedByUpstream: 1000 }, {}, 'refuse empty'],
    ['an empty index that is accepted', { target: 0, removedByUpstream: 1000 }, { allowEmpty: true }, ''],
    ['an empty index where ours is empty too', { base: 0, target: 0 }, {}, ''],
    ['a small subdir of which upstream removed everything', { base: 3, target: 0, removedByUpstream: 3 }, {}, 'refuse empty'],
    ['a subdir that is gone', { target: 0, removedByUpstream: 1000, vanished: true }, {}, 'refuse vanished'],
    ['a subdir that is gone, accepted', { target: 0, removedByUpstream: 1000, vanished: true }, { allowEmpty: true }, ''],
    ['one record in a hundred removed', { removedByUpstream: 10, target: 990 }, {}, ''],
    ['a hundred of a hundred and fifty removed: below the floor', { base: 150, removedByUpstream: 100, target: 50 }, {}, ''],
    ['a hundred and one of a hundred and fifty removed', { base: 150, removedByUpstream: 101, target: 49 }, {}, 'refuse shrink'],
    ['exactly a tenth removed', { base: 2000, removedByUpstream: 200, target: 1800 }, {}, ''],
    ['one more than a tenth removed', { base: 2000, removedByUpstream: 201, target: 1799 }, {}, 'refuse shrink'],
    ['as many added as removed does not hide a shrink', { base: 2000, removedByUpstream: 1500, target: 2000 }, {}, 'refuse shrink'],
    ['a shrink that is accepted', { base: 2000, removedByUpstream: 1999, target: 1 }, { shrinkShare: 1 }, ''],
    ['a new subdir, with limits switched off', { base: 0, target: 5 }, { shrinkShare: Infinity, shrinkRecords: Infinity, selectionShare: Infinity }, ''],
    ['everything removed, with limits switched off', { removedByUpstream: 900, removedBySelection: 1000, target: 100 }, { shrinkShare: Infinity, selectionShare: Infinity }, ''],
    ['half removed by the configuration', { removedBySelection: 500 }, {}, ''],
    ['more than half removed by the configuration', { removedBySelection: 501 }, {}, 'refuse selection'],
    ['an older index', { modified: { base: NOW - DAY, target: NOW - 2 * DAY }, newest: { base: 5, target: 5 } }, {}, 'refuse rollback'],
    ['an older date, but newer contents', { modified: { base: NOW - DAY, target: NOW - 2 * DAY }, newest: { base: 5, target: 6 } }, {}, ''],
    ['an older index that is accepted', { modified: { base: NOW - DAY, target: NOW - 2 * DAY }, newest: { base: 5, target: 5 } }, { allowRollback: true }, ''],
    ['no dates at all', { modified: { base: undefined, target: undefined }, newest: { base: 9, target: 5 } }, {}, ''],
    ['an index as old as the limit', { modified: { base: undefined, target: NOW - 30 * DAY } }, {}, ''],
    ['an index older than the limit', { modified: { base: undefined, target: NOW - 30 * DAY - 1 } }, {}, 'warn freeze'],
  ])('judges %s', ([, facts, limits, expected], { expect }) => {
    expect(judge(facts, limits)).toBe(expected)
  })

  test('names the subdir, the numbers and the flag that accepts it', ({ expect }) => {
    const [verdict] = checkGuards([{ ...STEADY, target: 700, removedByUpstream: 300 }], DEFAULT_LIMITS, NOW)
    expect(verdict).toEqual({
      guard: 'shrink', severity: 'refuse', subdir: 'linux-64', override: '--allow-shrink',
      message: "Cannot accept upstream's index of linux-64: it removes 300 of 1000 records, more than 100",
    })
  })

  test('judges every subdir', ({ expect }) => {
    const verdicts = checkGuards([{ ...STEADY, subdir: 'noarch', vanished: true }, STEADY, { ...STEADY, subdir: 'win-64', vanished: true }], DEFAULT_LIMITS, NOW)
    expect(verdicts.map(({ subdir }) => subdir)).toEqual(['noarch', 'win-64'])
  })
})

describe('checkBudget()', () => {
  test.for<[string, { readonly artifacts?: number; readonly bytes?: number }, readonly string[]]>([
    ['no limit', {}, []],
    ['what just fits', { artifacts: 10, bytes: 1000 }, []],
    ['too many artifacts', { artifacts: 9 }, ['Cannot keep within the budget: team would hold 10 artifacts, 1 more than the 9 of "budget.artifacts"']],
    ['too much of both', { artifacts: 4, bytes: 1 }, [
      'Cannot keep within the budget: team would hold 10 artifacts, 6 more than the 4 of "budget.artifacts"',
      'Cannot keep within the budget: team would hold 1000 bytes, 999 more than the 1 of "budget.bytes"',
    ]],
  ])('judges %s', ([, budget, messages], { expect }) => {
    const verdicts = checkBudget('team', { artifacts: 10, bytes: 1000 }, budget)
    expect(verdicts.map(({ message }) => message)).toEqual(messages)
    expect(verdicts.every(({ guard, severity }) => guard === 'budget' && severity === 'refuse')).toBe(true)
  })
})
