import { parseMatchSpec } from '@mirror/core'
import { describe, expect, it } from 'vitest'
import { type RuleName, RULES, selectRecords } from '../src/index.ts'
import type { PlainSelection } from './reference-selection.ts'
import { DAY, documentOf, indexOf, keptFiles, NOW, recordOf, select, toSelection } from './select-plainly.ts'

const GPL = { license: 'GPL-3.0-or-later', license_family: 'GPL' }

/** The rule that decided about each file. */
function rulesOf(records: Readonly<Record<string, Readonly<Record<string, unknown>>>>, selection: PlainSelection): Readonly<Record<string, RuleName | undefined>> {
  const { decidedBy } = select(documentOf(records), selection).subdirs.values().next().value ?? expect.fail()
  const files = ['.tar.bz2', '.conda'].flatMap((ending) => Object.keys(records).filter((file) => file.endsWith(ending)))
  return Object.fromEntries(files.map((file, row) => [file, RULES[(decidedBy?.[row] ?? 0) - 1]]))
}

describe('selectRecords()', () => {
  it('keeps everything, without marks, where there is no rule', () => {
    const { subdirs, changesAt, notes } = select(documentOf({ 'a-1-0.conda': {} }), {})
    expect(subdirs.get('linux-64' as never)).toEqual({ subdir: 'linux-64', keep: undefined, decidedBy: undefined, effects: [] })
    expect([changesAt, notes]).toEqual([undefined, []])
  })

  it('does not read the index where there is no rule', () => {
    const index = indexOf('linux-64', documentOf({ 'a-1-0.conda': {} }))
    const source = { length: index.source.length, read: () => expect.fail('it was read') }
    expect(selectRecords([{ ...index, source }], { blacklist: [], undated: 'drop', latest: undefined }, { now: NOW }).subdirs.size).toBe(1)
  })

  it('takes an empty list for no rule', () => {
    const none: PlainSelection = { packages: [], licenseBlacklist: [], blacklist: [], whitelist: [], exclude: [], include: [], pythonVersions: [] }
    expect(keptFiles({ 'a-1-0.conda': GPL }, none)).toEqual(['a-1-0.conda'])
  })

  it('copes with an index of no records', () => {
    expect(select('', { packages: ['a'], latest: { versions: 1 } }).subdirs.get('linux-64' as never)?.keep).toBeUndefined()
  })

  it('refuses a layout of another document', () => {
    const index = indexOf('linux-64', documentOf({ 'a-1-0.conda': {} }))
    const { source } = indexOf('linux-64', documentOf({ 'a-1-0.conda': {}, 'b-1-0.conda': {} }))
    expect(() => selectRecords([{ ...index, source }], toSelection({ packages: ['a'] }), { now: NOW })).toThrow(RangeError)
  })

  it.each<[string, PlainSelection, string, [boolean, RuleName | undefined]]>([
    ['a name in blacklist and whitelist is mirrored', { blacklist: ['x'], whitelist: ['x'] }, 'MIT', [true, 'whitelist']],
    ['a blacklisted licence whose name is in whitelist is mirrored', { licenseBlacklist: ['GPL3'], whitelist: ['x'] }, 'GPL-3.0-only', [true, 'whitelist']],
    ['a blacklisted licence whose name is in blacklist too is left out', { licenseBlacklist: ['GPL3'], blacklist: ['x'] }, 'GPL-3.0-only', [false, 'blacklist']],
    ['a blacklisted licence is left out', { licenseBlacklist: ['GPL3'], blacklist: ['y'] }, 'GPL-3.0-only', [false, 'license_blacklist']],
    ['a name of the whitelist that nothing has left out is not decided by it', { licenseBlacklist: ['GPL3'], whitelist: ['x'] }, 'MIT', [true, undefined]],
    ['whitelist alone adds nothing and leaves nothing out', { whitelist: ['y'] }, 'MIT', [true, undefined]],
    ['pkg_list keeps only what it names', { packages: ['y'] }, 'MIT', [false, 'pkg_list']],
    ['what whitelist adds back can be left out by a later rule', { blacklist: ['x'], whitelist: ['x'], exclude: ['x'] }, 'MIT', [false, 'exclude']],
    ['what include adds back stays', { exclude: ['x'], include: ['x >=1'] }, 'MIT', [true, 'include']],
    ['what include adds back is decided by it, whatever whitelist thinks of the licence', { licenseBlacklist: ['GPL3'], whitelist: ['x'], exclude: ['x'], include: ['x'] }, 'GPL-3.0-only', [true, 'include']],
    ['include does not add back what blacklist left out', { blacklist: ['x'], exclude: ['y'], include: ['x'] }, 'MIT', [false, 'blacklist']],
    ['include alone keeps only what it matches', { include: ['y'] }, 'MIT', [false, 'include']],
    ['include alone leaves what it matches as it is', { include: ['x'] }, 'MIT', [true, undefined]],
  ])('%s', (...[, selection, license, [isKept, rule]]) => {
    const records = { 'x-1-0.conda': { license } }
    expect(keptFiles(records, selection)).toEqual(isKept ? ['x-1-0.conda'] : [])
    expect(rulesOf(records, selection)).toEqual({ 'x-1-0.conda': rule })
  })

  it('looks at the family of a licence beside its name', () => {
    const records = { 'a-1-0.conda': { license: 'see LICENSE', license_family: 'MIT' }, 'b-1-0.conda': { license: 'see LICENSE', license_family: 'GPL3' }, 'c-1-0.conda': { license: 'see LICENSE', license_family: 'MIT' } }
    expect(keptFiles(records, { licenseBlacklist: ['GPL3'] })).toEqual(['a-1-0.conda', 'c-1-0.conda'])
  })

  it('compares names without regard to case', () => {
    expect(keptFiles({ 'pyyaml-1-0.conda': {}, 'Old-1-0.conda': {}, 'other-1-0.conda': {} }, { blacklist: ['PyYAML', 'old'] })).toEqual(['other-1-0.conda'])
  })

  it('goes by the name that a record has, and by that of the file where it has none', () => {
    const records = { 'wrong-1-0.conda': { name: 'right' }, 'no-name-1-0.conda': { name: undefined }, 'odd-1-0.conda': { name: 7 } }
    expect(keptFiles(records, { packages: ['right', 'no-name', 'odd'] })).toEqual(['wrong-1-0.conda', 'no-name-1-0.conda', 'odd-1-0.conda'])
    expect(keptFiles(records, { packages: ['wrong'] })).toEqual([])
    expect(keptFiles({ 'a-1-0.conda': { name: undefined } }, { packages: ['a'] })).toEqual(['a-1-0.conda'])
  })

  it('restricts names of the whitelist by Python too', () => {
    const records = { 'a-1-py27_0.tar.bz2': { depends: ['python 2.7.*'] }, 'b-1-py38_0.conda': { depends: ['python >=3.8,<3.9.0a0'] }, 'c-1-0.conda': {} }
    expect(keptFiles(records, { pythonVersions: ['3.8'], blacklist: ['a'], whitelist: ['a'] })).toEqual(['b-1-py38_0.conda', 'c-1-0.conda'])
  })

  it('keeps what is as big as maximum_size, and what tells no size', () => {
    const records = { 'a-1-0.conda': { size: 1000 }, 'b-1-0.conda': { size: 1001 }, 'c-1-0.conda': { size: undefined }, 'd-1-0.conda': { size: '9999' } }
    expect(keptFiles(records, { maximumSize: 1000 })).toEqual(['a-1-0.conda', 'c-1-0.conda', 'd-1-0.conda'])
  })

  it('counts newer_than in, older_than out', () => {
    const records = { 'a-1-0.conda': { timestamp: NOW - DAY }, 'b-1-0.conda': { timestamp: NOW - DAY - 1 } }
    expect(keptFiles(records, { newerThan: NOW - DAY })).toEqual(['a-1-0.conda'])
    expect(keptFiles(records, { olderThan: NOW - DAY })).toEqual(['b-1-0.conda'])
  })

  it('reads seconds and milliseconds, and indexed_timestamp before timestamp', () => {
    const seconds = Math.floor((NOW - 10 * DAY) / 1000)
    const records = {
      'a-1-0.conda': { timestamp: seconds }, 'b-1-0.conda': { timestamp: NOW }, 'c-1-0.conda': { timestamp: NOW, indexed_timestamp: seconds * 1000 },
      'd-1-0.conda': { timestamp: seconds, indexed_timestamp: 'yesterday' }, 'e-1-0.conda': { timestamp: 253_402_300_799 }, 'f-1-0.conda': { timestamp: 253_402_300_800 },
    }
    expect(keptFiles(records, { minimumAge: 10 * DAY })).toEqual(['a-1-0.conda', 'c-1-0.conda', 'd-1-0.conda', 'f-1-0.conda'])
  })

  it('keeps or drops what has no time, as undated says, and counts it', () => {
    const records = { 'a-1-0.conda': { timestamp: undefined }, 'b-1-0.conda': { timestamp: 0 }, 'c-1-0.conda': {} }
    expect(keptFiles(records, { newerThan: 1 })).toEqual(['a-1-0.conda', 'b-1-0.conda', 'c-1-0.conda'])
    expect(keptFiles(records, { newerThan: 1, undated: 'drop' })).toEqual(['c-1-0.conda'])
    expect(rulesOf(records, { minimumAge: 1, undated: 'drop' })).toEqual({ 'a-1-0.conda': 'minimum_age', 'b-1-0.conda': 'minimum_age', 'c-1-0.conda': undefined })
    expect(select(documentOf(records), { olderThan: NOW }).notes).toEqual(['2 records have no time and are kept (undated)'])
    expect(keptFiles(records, { undated: 'drop' })).toHaveLength(3)
  })

  it('says when the next record comes of age, unless something else is against it', () => {
    const text = documentOf({ 'a-1-0.conda': { timestamp: NOW - DAY }, 'b-1-0.conda': { timestamp: NOW + DAY }, 'big-1-0.conda': { timestamp: NOW - 2 * DAY, size: 5000 }, 'gpl-1-0.conda': { timestamp: NOW - 2 * DAY, license: 'GPL-3.0-only' } })
    const selected = select(text, { minimumAge: 3 * DAY, maximumSize: 1000, licenseBlacklist: ['GPL3'] })
    expect(selected.changesAt).toBe(NOW + 2 * DAY)
    expect(select(documentOf({ 'b-1-0.conda': { timestamp: NOW + DAY } }), { minimumAge: 3 * DAY }).changesAt).toBe(NOW + 4 * DAY)
    expect(select(documentOf({ 'b-1-0.conda': { timestamp: NOW - 4 * DAY } }), { minimumAge: 3 * DAY }).changesAt).toBeUndefined()
  })

  it('says nothing of a record that will be too old before it is of age', () => {
    expect(select(documentOf({ 'a-1-0.conda': { timestamp: NOW - DAY } }), { minimumAge: 3 * DAY, maximumAge: 2 * DAY }).changesAt).toBeUndefined()
  })

  it('says when the next record is too old', () => {
    expect(select(documentOf({ 'a-1-0.conda': { timestamp: NOW - DAY }, 'b-1-0.conda': {} }), { maximumAge: 3 * DAY }).changesAt).toBe(NOW + 2 * DAY + 1)
  })

  it('allows formats, and leaves alone what has neither', () => {
    const text = JSON.stringify({ packages: { 'a-1-0.tar.bz2': recordOf('a-1-0.tar.bz2') }, 'packages.conda': { 'a-1-0.conda': recordOf('a-1-0.conda') }, v3: { whl: { 'b-1-0': recordOf('b-1-0') }, 'tar.bz2': { 'c-1-0': recordOf('c-1-0') } } })
    expect([...select(text, { formats: { allowed: ['conda'] } }).subdirs.values()][0]?.keep).toEqual(Uint8Array.of(0, 1, 1, 0))
  })

  it('drops a twin only where the preferred one is kept itself', () => {
    const records = {
      'a-1-0.tar.bz2': {}, 'a-1-0.conda': {}, 'b-1-0.tar.bz2': {}, 'b-1-0.conda': { size: 9999 }, 'c-1-0.tar.bz2': {}, 'c-1-1.conda': {}, 'd-1-0.tar.bz2': {}, 'd-1.0-0.conda': {}, 'e-1-0.tar.bz2': {},
    }
    expect(keptFiles(records, { formats: { allowed: [], prefer: 'conda' }, maximumSize: 5000 })).toEqual(
      ['b-1-0.tar.bz2', 'c-1-0.tar.bz2', 'd-1-0.tar.bz2', 'e-1-0.tar.bz2', 'a-1-0.conda', 'c-1-1.conda', 'd-1.0-0.conda'])
    expect(keptFiles({ 'a-1-0.tar.bz2': {}, 'a-1-0.conda': {} }, { formats: { allowed: [], prefer: 'tar.bz2' } })).toEqual(['a-1-0.tar.bz2'])
  })

  it('finds formats of names that are written with escapes', () => {
    const text = '{"packages":{},"packages.conda":{"a-1-0.con\\u0064a" :{"name":"a"},"a-1-0.tar.bz\\u0032":{"name":"a"}}}'
    expect([...select(text, { formats: { allowed: ['conda'] } }).subdirs.values()][0]?.keep).toEqual(Uint8Array.of(1, 0))
  })

  it('keeps the newest versions of each name: equal ones in other spellings are one', () => {
    const records = { 'a-1.10-0.conda': {}, 'a-1.9-0.conda': {}, 'a-1.10.0-1.conda': {}, 'a-2.0a1-0.conda': {}, 'a-0!1.10-0.tar.bz2': {}, 'b-1-0.conda': {}, 'b-x_y-0.conda': { version: 'no version' } }
    expect(keptFiles(records, { latest: { versions: 2 } })).toEqual(['a-0!1.10-0.tar.bz2', 'a-1.10-0.conda', 'a-1.10.0-1.conda', 'a-2.0a1-0.conda', 'b-1-0.conda', 'b-x_y-0.conda'])
    expect(keptFiles(records, { latest: { versions: 1 } })).toEqual(['a-2.0a1-0.conda', 'b-1-0.conda'])
  })

  it('keeps the highest build numbers of each version, with all variants', () => {
    const records = {
      'a-1-py38_0.conda': {}, 'a-1-py38_1.conda': { build_number: 1 }, 'a-1-py39_1.conda': { build_number: 1 }, 'a-1.0-old_0.conda': {}, 'a-2-0.conda': { build_number: undefined }, 'a-2-1.conda': { build_number: '5' },
    }
    expect(keptFiles(records, { latest: { builds: 1 } })).toEqual(['a-1-py38_1.conda', 'a-1-py39_1.conda', 'a-2-0.conda', 'a-2-1.conda'])
    expect(keptFiles(records, { latest: { versions: 1, builds: 2 } })).toEqual(['a-2-0.conda', 'a-2-1.conda'])
  })

  it('looks for the newest in each subdir, among what the other rules have left', () => {
    const linux = indexOf('linux-64', documentOf({ 'a-1-0.conda': {}, 'a-2-0.conda': { size: 9999 } }))
    const noarch = indexOf('noarch', documentOf({ 'a-0.5-0.conda': {} }))
    const { subdirs } = selectRecords([linux, noarch], { latest: { versions: 1 }, maximumSize: 5000 }, { now: NOW })
    expect([...subdirs.values()].map(({ keep }) => keep)).toEqual([Uint8Array.of(1, 0), undefined])
  })

  it('matches specs by where the artifact stands, and by the channel that it is told', () => {
    const index = indexOf('linux-64', documentOf({ 'a-1-0.conda': { subdir: 'win-64', fn: 'x', channel: 'elsewhere' } }))
    const isKept = (spec: string, channel?: string): boolean => selectRecords([index], { include: [parseMatchSpec(spec)] }, { now: NOW, channel }).subdirs.get(index.subdir)?.keep === undefined
    expect(['*[subdir=linux-64]', 'a[fn=a-1-0.conda]', 'elsewhere::a'].map((spec) => isKept(spec))).toEqual([true, true, true])
    expect(['conda-forge::a', 'bioconda::a'].map((spec) => isKept(spec, 'https://conda.anaconda.org/conda-forge'))).toEqual([true, false])
  })

  it('reads what the scan does not note, where a spec asks for it', () => {
    const records = { 'a-1-0.conda': { license: 'MIT', track_features: 'mkl', note: '{"license":"x"}' }, 'b-1-0.conda': { license: ['MIT'], features: 3, track_features: null } }
    expect(keptFiles(records, { include: ['*[license=MIT]'] })).toEqual(['a-1-0.conda'])
    expect(keptFiles(records, { exclude: ['*[track_features=mkl]'] })).toEqual(['b-1-0.conda'])
  })

  it('notes names and specs that nothing has', () => {
    const { notes } = select(documentOf({ 'a-1-0.conda': {} }), { blacklist: ['a', 'nothing'], whitelist: ['Other'], exclude: ['a >=1', 'a >=2', 'zz*'], include: ['a'] })
    expect(notes).toEqual(['blacklist: nothing is named "nothing"', 'whitelist: nothing is named "Other"', 'exclude: nothing matches "a[version=\'>=2\']"', 'exclude: nothing matches "zz*"'])
  })

  it('counts records and bytes of what each rule did', () => {
    const records = { 'a-1-0.conda': {}, 'b-1-0.conda': { size: 5_000_000_000 }, 'c-1-0.conda': { size: 7 }, 'c-2-0.conda': { size: 6_000_000_000 }, 'c-3-0.conda': {} }
    const [linux] = select(documentOf(records), { blacklist: ['a', 'c'], whitelist: ['c'], maximumSize: 5_999_999_999, latest: { versions: 1 } }).subdirs.values()
    expect(linux?.effects).toEqual([
      { rule: 'blacklist', records: 1, bytes: 1000 }, { rule: 'whitelist', records: 1, bytes: 1000 }, { rule: 'maximum_size', records: 1, bytes: 6_000_000_000 }, { rule: 'latest', records: 1, bytes: 7 },
    ])
  })

  it('knows sizes beyond 4 GiB, also of what is left out late', () => {
    const records = { 'a-1-0.conda': { size: 6_000_000_000 }, 'a-2-0.conda': { size: 2 ** 32 - 1 }, 'a-3-0.conda': {}, 'b-1-0.tar.bz2': { size: 2 ** 32 }, 'b-1-0.conda': {} }
    const [linux] = select(documentOf(records), { latest: { versions: 1 }, formats: { allowed: [], prefer: 'conda' } }).subdirs.values()
    expect(linux?.effects).toEqual([{ rule: 'formats', records: 1, bytes: 2 ** 32 }, { rule: 'latest', records: 2, bytes: 6_000_000_000 + 2 ** 32 - 1 }])
  })

  it('keeps what a closure keeps of what the other rules have left', () => {
    const records = { 'app-1-0.conda': { depends: ['lib >=1'] }, 'lib-1-0.conda': {}, 'lib-2-0.conda': { size: 9999 }, 'other-1-0.conda': {} }
    const closure = { specs: [parseMatchSpec('app')], artifacts: [], virtualPackages: new Map() }
    const [linux] = selectRecords([indexOf('linux-64', documentOf(records))], { maximumSize: 5000, closure }, { now: NOW }).subdirs.values()
    expect(linux?.keep).toEqual(Uint8Array.of(1, 1, 0, 0))
    expect(linux?.effects).toEqual([{ rule: 'maximum_size', records: 1, bytes: 9999 }, { rule: 'closure', records: 1, bytes: 1000 }])
  })
})
