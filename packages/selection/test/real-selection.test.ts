import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { selectRecords } from '../src/index.ts'
import { isLicenceExcluded } from './licence/reference-licence.ts'
import { canRunOn } from './python/reference-python.ts'
import { REAL_DATA } from './real-records.ts'
import { type PlainSelection, selectPlainly } from './reference-selection.ts'
import { DAY, indexOf, keptOf, toSelection } from './select-plainly.ts'

const CHANNEL = join(REAL_DATA, 'repodata/conda-subchannel-demo')
const SUBDIRS = ['linux-64', 'linux-aarch64', 'linux-ppc64le', 'noarch', 'osx-64', 'osx-arm64', 'win-64', 'win-arm64']
const HAS_CHANNEL = existsSync(CHANNEL)
/** Of these no record is left out: the channel has no artifact in both formats. */
const WITHOUT_EFFECT = ['platforms alone', 'formats, preferred']
/** When most of the records are about two years old. */
const NOW = Date.UTC(2023, 5, 1)

const documents = new Map(HAS_CHANNEL ? SUBDIRS.map((subdir) => [subdir, readFileSync(join(CHANNEL, subdir, 'repodata.json'), 'utf8')] as const) : [])
const isLicenceOut = (record: Readonly<Record<string, unknown>>, blacklist: readonly string[]): boolean => isLicenceExcluded(record, blacklist)
const verdicts = new Map<string, boolean>()

/** The same question is asked of many records. */
function runsOn(record: Readonly<Record<string, unknown>>, versions: readonly string[]): boolean {
  const key = JSON.stringify([record['name'], record['version'], record['build'], record['noarch'], record['depends'], versions])
  const verdict = verdicts.get(key) ?? canRunOn(record, versions)
  verdicts.set(key, verdict)
  return verdict
}

const options = { now: NOW, isLicenceOut, runsOn }

/** The examples of Anaconda's documentation with names that this channel has, then every key. */
const SELECTIONS: Readonly<Record<string, PlainSelection>> = {
  'platforms alone': {},
  'license_blacklist, blacklist and whitelist': { licenseBlacklist: ['GPL3'], blacklist: ['gettext', 'glib', 'openssl', 'zlib'], whitelist: ['readline', 'zlib'] },
  'license_blacklist': { licenseBlacklist: ['GPL', 'AGPL', 'LGPL'] },
  'every family of licences but one': { licenseBlacklist: ['AGPL', 'GPL2', 'GPL3', 'LGPL', 'MIT', 'Apache', 'PSF', 'Public-Domain', 'Proprietary', 'Other'] },
  'pkg_list': { packages: ['accelerate', 'pyqt', 'zope', 'python', 'openssl'] },
  'old pythons': { pythonVersions: ['2.7', '3.6'] },
  'new pythons': { pythonVersions: ['3.10', '3.11'] },
  'blacklist': { blacklist: ['python', 'pip'] },
  'exclude': { exclude: ['python <3.9', '*[build=*py37*]', 'lib*', '*[license=*GPL*]'] },
  'include': { include: ['python >=3.10', 'openssl 1.1.*', 'ca-certificates', '*[build_number=2]'] },
  'exclude and include': { exclude: ['*'], include: ['python 3.11.*', 'pip', '*[subdir=noarch]'] },
  'maximum_size': { maximumSize: 1_000_000 },
  'newer_than': { newerThan: NOW - 365 * DAY },
  'newer_than with an age, undated dropped': { maximumAge: 365 * DAY, undated: 'drop' },
  'older_than': { olderThan: NOW - 365 * DAY },
  'minimum_age': { minimumAge: 200 * DAY, undated: 'drop' },
  'formats': { formats: { allowed: ['tar.bz2'] } },
  'formats, preferred': { formats: { allowed: ['conda', 'tar.bz2'], prefer: 'conda' } },
  'latest': { latest: { versions: 1 } },
  'latest builds': { latest: { versions: 3, builds: 1 } },
  'all at once': {
    licenseBlacklist: ['GPL3'], blacklist: ['pip', 'setuptools'], whitelist: ['pip', 'readline'], exclude: ['*[build=*py36*]'], include: ['python'], pythonVersions: ['3.9', '3.10'], maximumSize: 30_000_000,
    newerThan: NOW - 1500 * DAY, minimumAge: 10 * DAY, formats: { allowed: ['conda', 'tar.bz2'], prefer: 'conda' }, latest: { versions: 4, builds: 2 },
  },
}

// Real channels are not in the repository (MIRROR_TEST_DATA): skipped where their folder is absent.
describe.skipIf(!HAS_CHANNEL)('selectRecords() on a real channel', { timeout: 120_000 }, () => {
  it.each(Object.keys(SELECTIONS))('keeps what the rules, written down plainly, keep: %s', (name) => {
    const selection = SELECTIONS[name] ?? expect.fail()
    const indexes = [...documents].map(([subdir, text]) => indexOf(subdir, text))
    const kept = keptOf(selectRecords(indexes, toSelection(selection), { now: NOW }), indexes)
    const count = [...kept.values()].flat().filter(Boolean).length
    // A selection that keeps all or nothing would compare nothing.
    if (WITHOUT_EFFECT.includes(name)) expect(count).toBe(12_132)
    else expect([count > 20, count < 12_132]).toEqual([true, true])
    expect(kept).toEqual(selectPlainly(documents, selection, options))
  })
})
