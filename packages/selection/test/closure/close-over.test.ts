import { isMirrorError, parseMatchSpec } from '@mirror/core'
import { describe, test } from 'vitest'
import { closeOver, type CloseOverOptions } from '../../src/closure/close-over.ts'
import type { ClosureChoice, VirtualPackage } from '../../src/closure/closure-types.ts'
import type { RecordRows } from '../../src/selectable-index.ts'
import { keptOf, rowsOf } from './json-rows.ts'

type Parts = Partial<Omit<ClosureChoice, 'specs' | 'environments'>> & { readonly environment?: readonly string[] }

function choose(specs: readonly string[], { environment, ...parts }: Parts = {}): ClosureChoice {
  const environments = environment === undefined ? undefined : [environment.map((text) => parseMatchSpec(text))]
  return { specs: specs.map((text) => parseMatchSpec(text)), environments, artifacts: [], virtualPackages: new Map(), ...parts }
}

function close(rows: readonly RecordRows[], choice: ClosureChoice, options: Partial<CloseOverOptions> = {}) {
  const closure = closeOver(rows, { choice, keep: new Map(), ...options })
  return { kept: rows.map((each) => keptOf(each, closure.keep)), notes: closure.notes }
}

function refuse(rows: readonly RecordRows[], choice: ClosureChoice, options: Partial<CloseOverOptions> = {}): string {
  try {
    closeOver(rows, { choice, keep: new Map(), ...options })
  } catch (error) {
    if (isMirrorError(error, 'CLOSURE_UNSOLVABLE')) return error.message
    throw error
  }
  return 'closed'
}

const given = (platform: string, ...packages: readonly VirtualPackage[]): Parts => ({ virtualPackages: new Map([[platform, packages]]) })

describe('closeOver()', () => {
  test('follows chains of dependencies, with every version that matches', ({ expect }) => {
    const linux = rowsOf('linux-64', ['a 1: b >=2', 'b 1', 'b 2: c', 'b 3', 'c 1', 'c 2', 'd 1'])
    expect(close([linux], choose(['a'])).kept).toEqual([['a-1-0', 'b-2-0', 'b-3-0', 'c-1-0', 'c-2-0']])
  })

  test('comes to an end in a circle', ({ expect }) => {
    const linux = rowsOf('linux-64', ['a 1: b', 'b 1: c', 'c 1: a', 'd 1: d'])
    expect(close([linux], choose(['a', 'd'])).kept).toEqual([['a-1-0', 'b-1-0', 'c-1-0', 'd-1-0']])
  })

  test('goes from a platform to noarch and back, and from no platform to another', ({ expect }) => {
    const linux = rowsOf('linux-64', ['tool 1: library', 'native 1', 'other 1'])
    const osx = rowsOf('osx-64', ['native 2', 'only-osx 1'])
    const noarch = rowsOf('noarch', ['library 1: native', 'unused 1: only-osx'])
    const { kept, notes } = close([linux, osx, noarch], choose(['tool', 'only-osx']))
    expect(kept).toEqual([['native-1-0', 'tool-1-0'], ['only-osx-1-0'], ['library-1-0']])
    expect(notes).toEqual([
      '"tool" cannot be had on osx-64: the channel has no tool for osx-64',
      '"only-osx" cannot be had on linux-64: the channel has no only-osx for linux-64',
    ])
  })

  test('takes noarch alone where nothing else is mirrored', ({ expect }) => {
    expect(close([rowsOf('noarch', ['a 1: b', 'b 1', 'c 1'])], choose(['a'])).kept).toEqual([['a-1-0', 'b-1-0']])
  })

  test('leaves out what can be in no solution, and all that only this would need', ({ expect }) => {
    const linux = rowsOf('linux-64', ['a 1: b', 'a 2: b 2.*', 'b 1', 'b 2: c', 'c 1: d', 'd 1: nothing', 'c 2: e >=5', 'e 1'])
    expect(close([linux], choose(['a'])).kept).toEqual([['a-1-0', 'b-1-0']])
  })

  test('keeps what is in no solution too when it has to be exact, and says so of a seed all the same', ({ expect }) => {
    const linux = rowsOf('linux-64', ['a 1: b', 'b 1', 'b 2: c >=5', 'c 1', 'z 1: c >=5'])
    expect(close([linux], choose(['a'], { exact: true })).kept).toEqual([['a-1-0', 'b-1-0', 'b-2-0']])
    expect(refuse([linux], choose(['z'], { exact: true }))).toMatch('"z" cannot be had on linux-64')
  })

  test('keeps a circle that stands by itself, since a solver can install it', ({ expect }) => {
    const linux = rowsOf('linux-64', ['a 1: b', 'b 1: a', 'c 1: d', 'd 1: c, nothing'])
    expect(close([linux], choose(['a'])).kept).toEqual([['a-1-0', 'b-1-0']])
    expect(refuse([linux], choose(['c']))).toMatch('"nothing"')
  })

  test('keeps what conflicts by constrains, features and track_features', ({ expect }) => {
    const linux = rowsOf('linux-64', ['a 1: b', 'b 1', 'b 2'], {
      'a-1-0.tar.bz2': { constrains: ['b <2'], features: 'x' },
      'b-1-0.tar.bz2': { track_features: 'y' },
    })
    expect(close([linux], choose(['a'])).kept).toEqual([['a-1-0', 'b-1-0', 'b-2-0']])
  })

  test('narrows a name to what the seed itself needs of it, everywhere', ({ expect }) => {
    const linux = rowsOf('linux-64', ['tool 1: python 3.11.*, lib', 'python 3.11.1', 'python 3.12.1', 'lib 1 py311_0: python 3.11.*', 'lib 1 py312_0: python 3.12.*', 'lib 2: other', 'other 1: python'])
    expect(close([linux], choose(['tool'])).kept).toEqual([['lib-1-py311_0', 'lib-2-0', 'other-1-0', 'python-3.11.1-0', 'tool-1-0']])
  })

  const pythons = rowsOf('linux-64', ['python 3.11.1', 'python 3.12.1', 'numpy 1 py311_0: python 3.11.*', 'numpy 1 py312_0: python 3.12.*'])

  test('keeps for each of specs all that it can be had with, since each may be installed alone', ({ expect }) => {
    expect(close([pythons], choose(['python 3.11.*', 'numpy'])).kept).toEqual([['numpy-1-py311_0', 'numpy-1-py312_0', 'python-3.11.1-0', 'python-3.12.1-0']])
  })

  test('keeps for an environment what can stand beside all of it', ({ expect }) => {
    expect(close([pythons], choose([], { environment: ['python 3.11.*', 'numpy'] })).kept).toEqual([['numpy-1-py311_0', 'python-3.11.1-0']])
  })

  test('says which need of an environment goes against the rest', ({ expect }) => {
    const linux = rowsOf('linux-64', ['a 1: c 1', 'b 1: c 2', 'c 1', 'c 2'])
    expect(close([linux], choose(['a', 'b'])).kept).toEqual([['a-1-0', 'b-1-0', 'c-1-0', 'c-2-0']])
    expect(refuse([linux], choose([], { environment: ['a', 'b'] }))).toBe([
      'Cannot close over 1 seeds: 1 cannot be had',
      '  "a, b" cannot be had on linux-64 because of "a": a-1-0.tar.bz2 needs "c 1"; c-1-0.tar.bz2 cannot be had together with "c 2", which the rest needs',
    ].join('\n'))
  })

  test('takes only what the rules before left', ({ expect }) => {
    const linux = rowsOf('linux-64', ['a 1: b', 'b 1', 'b 2'])
    const keep = new Map([[linux.subdir, Uint8Array.of(1, 0, 1)]])
    expect(close([linux], choose(['a']), { keep }).kept).toEqual([['a-1-0', 'b-2-0']])
    expect(refuse([linux], choose(['b 1']), { keep })).toMatch('the channel has b only as 2, and 1 record of it was left out by the rules before')
    expect(refuse([linux], choose(['a']), { keep: new Map([[linux.subdir, Uint8Array.of(1, 0, 0)]]) })).toMatch('of b2 records'.replace('b2', 'b 2'))
  })

  test('tells the shortest chain to what is missing, and of all seeds', ({ expect }) => {
    const linux = rowsOf('linux-64', ['a 1: b', 'b 1: c 2.*', 'b 2: d', 'd 1: c >=9', 'c 1', 'c 3', 'c 4', 'c 5', 'x 1: __cuda'])
    expect(refuse([linux], choose(['a', 'x', 'missing', 'c 7'], given('linux-64')))).toBe([
      'Cannot close over 4 seeds: 4 cannot be had',
      '  "a" cannot be had on linux-64: a-1-0.tar.bz2 needs "b"; b-1-0.tar.bz2, like 1 other that would do, needs "c 2.*"; the channel has c only in 4 versions from 1 to 5',
      '  "x" cannot be had on linux-64: x-1-0.tar.bz2 needs "__cuda"; no such virtual package is there on linux-64',
      '  "missing" cannot be had on linux-64: the channel has no missing for linux-64',
      '  "c ==7" cannot be had on linux-64: the channel has c only as 1, 3, 4, 5'.replace('as 1, 3, 4, 5', 'in 4 versions from 1 to 5'),
    ].join('\n'))
  })

  test('limits a long chain and a long list', ({ expect }) => {
    const linux = rowsOf('linux-64', Array.from({ length: 30 }, (_, at) => `a${at} 1: a${at + 1}`))
    const chain = refuse([linux], choose(['a0']))
    expect(chain.split(';')).toHaveLength(7)
    expect(chain).toMatch(/; and so on$/)
    expect(refuse([linux], choose(Array.from({ length: 15 }, (_, at) => `none${at}`)))).toMatch(/and 5 more$/)
  })

  test('takes a dependency that no client can read for any record of its name', ({ expect }) => {
    const linux = rowsOf('linux-64', ['a 1', 'b 1', 'b 2'], { 'a-1-0.tar.bz2': { depends: ['b 1 2 3 [', '(((', 7, null] } })
    expect(close([linux], choose(['a'])).kept).toEqual([['a-1-0', 'b-1-0', 'b-2-0']])
  })

  test('takes records that are nothing like records', ({ expect }) => {
    const linux = rowsOf('linux-64', ['a 1', 'b 1', 'c 1', 'd 1: a'], {
      'a-1-0.tar.bz2': { depends: 'b', version: 7, build: null },
      'b-1-0.tar.bz2': { depends: null, extra_depends: [1], version: null },
      'c-1-0.tar.bz2': { depends: { 0: 'a' }, extra_depends: { x: 'a' } },
    })
    expect(close([linux], choose(['a', 'b', 'c[extras=[x]]', 'd'])).kept).toEqual([['a-1-0', 'b-1-0', 'c-1-0', 'd-1-0']])
  })

  test('looks over the channel that a dependency names, and over the case of names', ({ expect }) => {
    const linux = rowsOf('linux-64', ['a 1: conda-forge::B', 'B 1', 'c 1: b'])
    expect(close([linux], choose(['a'])).kept).toEqual([['B-1-0', 'a-1-0']])
    expect(close([linux], choose(['c'])).kept).toEqual([['B-1-0', 'c-1-0']])
  })

  test('matches build, build number, patterns of names and rarer fields', ({ expect }) => {
    const linux = rowsOf('linux-64', ['a 1 x_0', 'a 1 y_1', 'ab 1', 'c 1: a * y*', 'd 1: a[license=MIT]', "e 1: a[build_number='<1']"], { 'a-1-x_0.tar.bz2': { license: 'MIT' } })
    expect(close([linux], choose(['c'])).kept).toEqual([['a-1-y_1', 'c-1-0']])
    expect(close([linux], choose(['d'])).kept).toEqual([['a-1-x_0', 'd-1-0']])
    expect(close([linux], choose(['e'])).kept).toEqual([['a-1-x_0', 'e-1-0']])
    expect(close([linux], choose(['a*'])).kept).toEqual([['a-1-x_0', 'a-1-y_1', 'ab-1-0']])
    expect(refuse([linux], choose(['z*']))).toMatch('the channel has no record that matches')
  })

  test('keeps what any client reads >1.2.* as', ({ expect }) => {
    const linux = rowsOf('linux-64', ['a 1: b >1.2.*', 'b 1.1', 'b 1.2', 'b 1.2.1'])
    expect(close([linux], choose(['a'])).kept).toEqual([['a-1-0', 'b-1.2-0', 'b-1.2.1-0']])
  })
})

describe('closeOver() and virtual packages', () => {
  const linux = rowsOf('linux-64', ['a 1: __glibc >=2.17', 'a 2: __glibc >=2.40', 'a 3: __cuda >=12', 'a 4: __win', 'a 5: __unix, __linux, __archspec * x86_64'])

  test('takes any that the platform can have, where none are named', ({ expect }) => {
    expect(close([linux], choose(['a'])).kept).toEqual([['a-1-0', 'a-2-0', 'a-3-0', 'a-5-0']])
  })

  test('takes those that are named, and those that follow from the platform', ({ expect }) => {
    const packages = given('linux-64', { name: '__glibc', version: '2.28', build: '0' })
    expect(close([linux], choose(['a'], packages)).kept).toEqual([['a-1-0', 'a-5-0']])
    expect(close([linux], choose(['a'], given('osx-64'))).kept).toEqual([['a-1-0', 'a-2-0', 'a-3-0', 'a-5-0']])
  })

  test('takes a named one instead of the one that the platform implies', ({ expect }) => {
    const rows = rowsOf('linux-64', ['a 1: __linux >=5', 'a 2: __linux >=4'])
    expect(close([rows], choose(['a'], given('linux-64', { name: '__linux', version: '4.18', build: '0' }))).kept).toEqual([['a-2-0']])
  })

  test('knows what fits osx and win', ({ expect }) => {
    const lines = ['a 1: __osx >=11', 'a 2: __win', 'a 3: __unix', 'a 4: __glibc', 'a 5: __anything']
    expect(close([rowsOf('osx-arm64', lines)], choose(['a'])).kept).toEqual([['a-1-0', 'a-3-0', 'a-5-0']])
    expect(close([rowsOf('win-64', lines)], choose(['a'])).kept).toEqual([['a-2-0', 'a-5-0']])
  })
})

describe('closeOver() and the keywords of CEP 43 to 45', () => {
  test('takes a condition for one that may hold, unless a virtual package rules it out', ({ expect }) => {
    const linux = rowsOf('linux-64', ['a 1: b[when="c >=2"], d[when="__win"], e[when="__win or __linux"], f[when="__win and c"], g[when="c"]', 'b 1', 'c 1', 'd 1', 'e 1', 'f 1'])
    expect(close([linux], choose(['a'])).kept).toEqual([['a-1-0', 'b-1-0', 'e-1-0']])
  })

  test('takes optional dependencies where they are asked for', ({ expect }) => {
    const linux = rowsOf('linux-64', ['a 1', 'b 1: a[extras=[x]]', 'c 1', 'd 1', 'e 1: a[extras=[none]]'], { 'a-1-0.tar.bz2': { extra_depends: { x: ['c', 'absent'], y: ['d[extras=[z]]'] } } })
    expect(close([linux], choose(['a'])).kept).toEqual([['a-1-0']])
    expect(close([linux], choose(['b'])).kept).toEqual([['a-1-0', 'b-1-0', 'c-1-0']])
    expect(close([linux], choose(['a[extras=[x,y]]'])).kept).toEqual([['a-1-0', 'c-1-0', 'd-1-0']])
    expect(close([linux], choose(['e'])).kept).toEqual([['a-1-0', 'e-1-0']])
  })

  test('follows a long chain of optional dependencies', ({ expect }) => {
    const length = 20_000
    const lines = Array.from({ length }, (_, at) => `a${at} 1`)
    const linux = rowsOf('linux-64', lines, Object.fromEntries(lines.map((_, at) => [`a${at}-1-0.tar.bz2`, { extra_depends: { x: [`a${at + 1}[extras=[x]]`] } }])))
    expect(close([linux], choose(['a0[extras=[x]]'])).kept[0]).toHaveLength(length)
  })

  test('matches flags', ({ expect }) => {
    const linux = rowsOf('linux-64', ['a 1', 'a 2', 'b 1: a[flags=[gpu]]'], { 'a-2-0.tar.bz2': { flags: ['gpu'] } })
    expect(close([linux], choose(['b'])).kept).toEqual([['a-2-0', 'b-1-0']])
  })
})

describe('closeOver() and other channels', () => {
  const tools = rowsOf('linux-64', ['tool 1: python >=3.11, helper', 'helper 1', 'python 2.7'])
  const forge = rowsOf('linux-64', ['python 3.12: helper, zlib', 'zlib 1'])
  const alongside = [{ rows: [forge], keep: new Map() }]

  test('reaches through their records and keeps its own', ({ expect }) => {
    expect(close([tools], choose(['tool']), { alongside }).kept).toEqual([['helper-1-0', 'tool-1-0']])
    expect(refuse([tools], choose(['tool']))).toMatch('needs "python >=3.11"; the channel has python only as 2.7')
    expect(close([forge], choose(['tool']), { alongside: [{ rows: [tools], keep: new Map() }] }).kept).toEqual([['python-3.12-0', 'zlib-1-0']])
  })

  test('takes what is missing to be had elsewhere, where that is said', ({ expect }) => {
    expect(close([tools], choose(['tool', 'numpy'], { elsewhere: true }))).toEqual({
      kept: [['helper-1-0', 'tool-1-0']],
      notes: ['"numpy" is not here for linux-64, and taken to be had elsewhere'],
    })
  })

  test('takes the platforms of the channels that it is used with where it has noarch alone', ({ expect }) => {
    const noarch = rowsOf('noarch', ['pure 1: python >=3', 'pure 2: python >=4'])
    const plain = [{ rows: [rowsOf('linux-64', ['python 3.12'])], keep: new Map() }]
    expect(close([noarch], choose(['pure']), { alongside: plain }).kept).toEqual([['pure-1-0']])
  })

  test('leaves seeds alone that name another channel, and knows its own by name and URL', ({ expect }) => {
    const channel = 'https://mirror.example/some/conda-forge'
    const linux = rowsOf('linux-64', ['a 1', 'b 1', 'c 1'])
    const choice = choose(['conda-forge::a', 'https://mirror.example/some/conda-forge::b', 'bioconda::c'])
    expect(close([linux], choice, { channel })).toEqual({ kept: [['a-1-0', 'b-1-0']], notes: ['bioconda::c is a seed of another channel'] })
    expect(close([linux], choice).kept).toEqual([['a-1-0', 'b-1-0', 'c-1-0']])
  })
})

describe('closeOver() and locked artifacts', () => {
  const digest = 'a'.repeat(64)
  const linux = rowsOf('linux-64', ['a 1: missing', 'b 1'], { 'b-1-0.tar.bz2': { sha256: digest, md5: 'c'.repeat(32) } })
  const lock = (name: string, more: object = {}) => ({ subdir: 'linux-64', name, url: `https://example.com/c/linux-64/${name}`, ...more })

  test('keeps them exactly, without what they need', ({ expect }) => {
    expect(close([linux], choose([], { artifacts: [lock('a-1-0.tar.bz2'), lock('b-1-0.tar.bz2', { sha256: digest })] })).kept).toEqual([['a-1-0', 'b-1-0']])
  })

  test('refuses what is missing, has another digest, or was left out before', ({ expect }) => {
    const artifacts = [lock('gone-1-0.conda'), lock('odd.conda'), lock('b-1-0.tar.bz2', { sha256: 'b'.repeat(64) }), lock('a-1-0.tar.bz2', { md5: 'd'.repeat(32) })]
    expect(refuse([linux], choose([], { artifacts }), { keep: new Map([[linux.subdir, Uint8Array.of(0, 1)]]) })).toBe([
      'Cannot close over 4 seeds: 4 cannot be had',
      '  linux-64/gone-1-0.conda: the channel does not have it',
      '  linux-64/odd.conda: the channel does not have it',
      `  linux-64/b-1-0.tar.bz2: the channel has it with the sha256 "${digest}", the lock file with ${'b'.repeat(64)}`,
      '  linux-64/a-1-0.tar.bz2: the rules before left it out',
    ].join('\n'))
  })

  test('compares md5 where one side has no sha256, and finds a file whose name is not its record\'s', ({ expect }) => {
    const odd = rowsOf('linux-64', ['x 1'], { 'x-1-0.tar.bz2': { name: 'y', md5: 'e'.repeat(32) } })
    expect(close([odd], choose([], { artifacts: [lock('x-1-0.tar.bz2', { sha256: digest, md5: 'e'.repeat(32) })] })).kept).toEqual([['x-1-0']])
  })

  test('notes those of platforms that are not mirrored, and passes over optional ones', ({ expect }) => {
    const artifacts = [{ ...lock('a-1-0.tar.bz2'), subdir: 'win-64' }, { ...lock('none-1-0.conda'), isOptional: true }]
    expect(close([linux], choose([], { artifacts }))).toEqual({ kept: [[]], notes: ['1 locked artifacts are for win-64, which is not mirrored'] })
  })
})
