import { parseVersionSpec } from '@mirror/core'
import fc from 'fast-check'
import { describe, test } from 'vitest'
import { createPythonRule } from '../../src/python/python-rule.ts'
import { boundariesOfClause, isPythonVersion, readPythonVersion, releasesOf } from '../../src/python/python-version.ts'
import { HAS_REAL_RECORDS, readRealRecords, type RealRecord } from '../real-records.ts'
import { canRunOn } from './reference-python.ts'

const ALL = ['2.7', '3.5', '3.6', '3.7', '3.8', '3.9', '3.10', '3.11', '3.12', '3.13', '3.14']

/** Those of a few Pythons, each alone, that a record is kept for. */
function keptFor(record: RealRecord): string {
  return ALL.filter((version) => createPythonRule([version])(record)).join(' ')
}

function isKept(wanted: string | readonly string[], ...depends: readonly string[]): boolean {
  return createPythonRule([wanted].flat())({ name: 'x', version: '1', build: '0', depends })
}

describe('createPythonRule()', () => {
  test.for<readonly [string, string]>([
    ['python', ALL.join(' ')],
    ['python >=3.8,<4.0', '3.8 3.9 3.10 3.11 3.12 3.13 3.14'],
    ['python >=3.10,<3.11.0a0', '3.10'],
    ['python 3.10.*', '3.10'],
    ['python 2.7*', '2.7'],
    ['python 2.7|>=3.12', '2.7 3.12 3.13 3.14'],
    ['python <3', '2.7'],
    ['python <=3.6', '2.7 3.5 3.6'],
    ['python >3.12', '3.12 3.13 3.14'],
    ['python >=3.10.4,<3.10.6', '3.10'],
    ['python >3.10.4,<3.10.5', ''],
    ['python !=3.10.1', ALL.join(' ')],
    ['python 3.10.1|3.12.*', '3.10 3.12'],
    ['python ~=3.10', '3.10 3.11 3.12 3.13 3.14'],
    ['python ~=3.10.2', '3.10'],
    ['python ==3.10.4', '3.10'],
    ['python 3.10.4 h123_0_cpython', '3.10'],
    ['python !=3.0,!=3.1,!=3.11.*', '2.7 3.5 3.6 3.7 3.8 3.9 3.10 3.12 3.13 3.14'],
    ['python >=3.99,<3.100', ''],
    ['python 1!3.10.*', ''],
    ['python 3.1*', ''],
    ['python ^3\\.1[02]\\..*$', '3.10 3.12'],
    ['python 3.*.4', ALL.slice(1).join(' ')],
    ['conda-forge::python >=3.13', '3.13 3.14'],
    ['PYTHON[version=">=3.13"]', '3.13 3.14'],
    ['cpython >=3.13', '3.13 3.14'],
    ['python_abi 3.10.* *_cp310', '3.10'],
    ['python_abi 3.13.* *_cp313t', '3.13'],
    ['python_abi * *_cp313t', '3.13'],
    ['python_abi 2.7.* *_cp27mu', '2.7'],
    ['python_abi 3.9 *_pypy39_pp73', '3.9'],
    ['python_abi 3.10.* *_graalpy230_310_native', '3.10'],
    ['python_abi >=3.9', '3.9 3.10 3.11 3.12 3.13 3.14'],
    ['python-freethreading', '3.13 3.14'],
    ['python-gil', ALL.join(' ')],
    ['pypy3.9 >=7.3.9', '3.9'],
    ['ipython >=4,<5', ALL.join(' ')],
    ['pythonnet 3.0', ALL.join(' ')],
    ['python >=>3', ALL.join(' ')],
    ['python >=3.13[when="__win"]', ALL.join(' ')],
  ])('%s can run on: %s', ([dependency, expected], { expect }) => {
    expect(keptFor({ name: 'x', version: '1', build: 'h123_0', depends: ['libc', dependency] })).toBe(expected)
  })

  test('takes versions with one, two and three numbers', ({ expect }) => {
    expect([isKept('3', 'python >=3.12'), isKept('3', 'python 2.7.*'), isKept('2', 'python 2.7.*'), isKept('3', 'python >=3.4.5,<3.4.6')]).toEqual([true, false, true, true])
    expect([isKept('3.10.4', 'python >=3.10.4'), isKept('3.10.4', 'python >3.10.4'), isKept('3.10.4', 'python_abi 3.10.* *_cp310')]).toEqual([true, false, true])
    expect(isKept(['2.7', '3.12'], 'python >=3.12')).toBe(true)
    expect(isKept('3.1', 'python 3.10.*')).toBe(false)
  })

  test('all dependencies have to hold for one release', ({ expect }) => {
    expect(isKept(['3.8', '3.10'], 'python >=3.10', 'python_abi 3.8.* *_cp38')).toBe(false)
    expect(isKept('3.10', 'python >=3.10.4', 'python <3.10.4')).toBe(false)
    expect(isKept('3.10', 'python >=3.10.4', 'python <=3.10.4')).toBe(true)
    expect(isKept('3.8', 'python >=3.6', 'python_abi 3.10.* *_cp310')).toBe(false)
  })

  test.for<readonly [string, string | undefined, string]>([
    ['py27_0', undefined, '2.7'],
    ['py36h1af98f8_1', undefined, '3.6'],
    ['py310h1af98f8_1', undefined, '3.10'],
    ['np111py27_0', undefined, '2.7'],
    ['py3.10_cuda11.8_cudnn8.7.0_0', undefined, '3.10'],
    ['py3_0', undefined, ALL.slice(1).join(' ')],
    ['py_0', undefined, ALL.join(' ')],
    ['pyhd8ed1ab_0', undefined, ALL.join(' ')],
    ['happy36_0', undefined, ALL.join(' ')],
    ['py36_0', 'python', ALL.join(' ')],
  ])('the build %s (noarch: %s) of a record that names Python alone says: %s', ([build, noarch, expected], { expect }) => {
    expect(keptFor({ name: 'x', version: '1', build, noarch, depends: ['python'] })).toBe(expected)
  })

  test('the build string counts only beside Python without a version', ({ expect }) => {
    expect(keptFor({ name: 'x', version: '1', build: 'py36_0', depends: ['python >=3.12'] })).toBe('3.12 3.13 3.14')
    expect(keptFor({ name: 'libopencv', version: '1', build: 'py36_0', depends: ['glib'] })).toBe(ALL.join(' '))
  })

  test('Python itself is kept by its version', ({ expect }) => {
    expect(keptFor({ name: 'python', version: '3.10.4', build: 'h1_0_cpython', depends: ['libffi'] })).toBe('3.10')
    expect(keptFor({ name: 'python', version: '3.13.0rc2', build: 'h1_0_cp313t', depends: ['python_abi 3.13.* *_cp313t'] })).toBe('3.13')
    expect(keptFor({ name: 'python', version: '3.9.18', build: '0_73_pypy', depends: ['pypy3.9 7.3.15.*'] })).toBe('3.9')
    expect(keptFor({ name: 'python_abi', version: '3.11', build: '4_cp311', depends: [] })).toBe('3.11')
    expect(keptFor({ name: 'python-gil', version: '3.13.1', build: 'h1_0', depends: ['cpython 3.13.1.*', 'python_abi * *_cp313'] })).toBe('3.13')
    expect(keptFor({ name: 'pypy3.9', version: '7.3.15', build: 'h1_0', depends: ['libffi'] })).toBe('3.9')
    expect(createPythonRule(['3.10.4'])({ name: 'python', version: '3.10.5' })).toBe(false)
    expect(createPythonRule(['3.10.4'])({ name: 'python_abi', version: '3.10' })).toBe(true)
    expect(createPythonRule(['3'])({ name: 'python', version: '3.10.5' })).toBe(true)
  })

  test('keeps a record that says nothing that can be read', ({ expect }) => {
    for (const record of [{}, { name: 7, depends: 'python 2.7' }, { name: 'x', depends: [7, null, 'python\n2.7'] }, { name: 'python', version: '?' }, { depends: null }]) {
      expect(createPythonRule(['3.10'])(record)).toBe(true)
    }
    expect(createPythonRule([])({ name: 'x', depends: ['python'] })).toBe(false)
    expect(createPythonRule([])({ name: 'x', depends: [] })).toBe(true)
  })

  test('takes no versions but 3, 3.10 and 3.10.4', ({ expect }) => {
    expect(['3', '3.10', '3.10.4', '2.7'].every(isPythonVersion)).toBe(true)
    for (const text of ['', '3.', '.3', '3.10.4.1', '3.10.*', '>=3', '3.10a1', ' 3', '99999']) {
      expect(isPythonVersion(text)).toBe(false)
      expect(() => createPythonRule([text])).toThrow(RangeError)
    }
  })
})

test('releasesOf() has a release for every expression that any release satisfies', ({ expect }) => {
  const number = fc.integer({ min: 0, max: 6 })
  const version = fc.oneof(
    fc.tuple(fc.integer({ min: 2, max: 4 }), number, number).map((parts) => parts.join('.')),
    fc.tuple(fc.integer({ min: 2, max: 4 }), number).map((parts) => parts.join('.')),
    fc.tuple(fc.integer({ min: 2, max: 4 }), number, number, fc.constantFrom('.1', 'a0', 'rc1', '.post1', '+local')).map(([a, b, c, rest]) => `${a}.${b}.${c}${rest}`),
    fc.constantFrom('2', '3', '4', '3.a', '1!3.2'),
  )
  const simple = fc.oneof(
    fc.tuple(fc.constantFrom('==', '!=', '<', '<=', '>', '>='), version).map((parts) => parts.join('')),
    fc.tuple(fc.constantFrom('=', '!='), version.filter((text) => !text.includes('+'))).map(([operator, text]) => `${operator}${text}.*`),
    version.filter((text) => text.includes('.')).map((text) => `~=${text}`),
  )
  const expression = fc.array(fc.array(simple, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(',')), { minLength: 1, maxLength: 2 }).map((parts) => parts.join('|'))
  const wanted = fc.oneof(fc.constantFrom('2', '3', '4'), fc.tuple(fc.integer({ min: 2, max: 4 }), number).map((parts) => parts.join('.')), fc.constantFrom('3.0.0', '3.2.1', '3.6.6'))
  const range = Array.from({ length: 10 }, (_none, at) => at)
  fc.assert(fc.property(expression, wanted, (text, python) => {
    const spec = parseVersionSpec(text)
    const [major = 0, minor, patch] = readPythonVersion(python)
    const everything = (minor === undefined ? range : [minor]).flatMap((each) => (patch === undefined ? range : [patch]).map((last) => `${major}.${each}.${last}`))
    const found = releasesOf([major, minor, patch].filter((part) => part !== undefined), boundariesOfClause(spec.clause))
    expect(found.some((release) => spec.matches(`${release.major}.${release.minor}.${release.patch}`))).toBe(everything.some((each) => spec.matches(each)))
  }), { numRuns: 500 })
})

// Real channels are not in the repository: skipped where their folder is absent.
describe.skipIf(!HAS_REAL_RECORDS)('createPythonRule() on real channels (MIRROR_TEST_DATA)', () => {
  /** One record of each way to depend on Python. */
  const kinds = new Map<string, RealRecord>()
  for (const record of HAS_REAL_RECORDS ? readRealRecords() : []) {
    const depends = Array.isArray(record['depends']) ? record['depends'].filter((dependency) => /pyp?y?/.test(String(dependency))) : []
    const build = String(record['build']).replaceAll(/[0-9a-f]{7,}/g, 'h')
    const version = /^(?:python|cpython|pypy)/.test(String(record['name'])) ? record['version'] : ''
    kinds.set(JSON.stringify([depends, build, record['noarch'], version]), record)
  }

  test.for([[['3.10']], [['3.8', '3.11']], [['2.7']], [['3.7.10', '3.9.12']]])('for %o agrees with trying every release', { timeout: 60_000 }, ([versions = []], { expect }) => {
    const runs = createPythonRule(versions)
    const records = [...kinds.values()]
    expect(records.length).toBeGreaterThan(500)
    expect(records.filter((record) => runs(record) !== canRunOn(record, versions))).toEqual([])
    expect(records.filter(runs).length).toBeGreaterThan(50)
    expect(records.filter((record) => !runs(record)).length).toBeGreaterThan(50)
  })
})
