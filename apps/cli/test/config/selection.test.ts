import { test } from 'vitest'
import { formatMatchSpec } from '@mirror/core'
import type { Selection } from '@mirror/selection'
import { fail, NOW, problemOf, resolve, warningsOf } from './config-support.ts'

function selectionOf(text: string): Selection {
  return resolve(`channels: [./x]\n${text}`).channels[0]?.selection ?? {}
}

test('resolveConfig() reads numbers that are names or versions as they stand in the file', ({ expect }) => {
  expect(selectionOf('python_versions: [3.10, "3.9", 3.8]\n').pythonVersions).toEqual(['3.10', '3.9', '3.8'])
  expect(selectionOf('python_versions: 3.10\n').pythonVersions).toEqual(['3.10'])
  expect(selectionOf('python_versions:\n  - 3.10 # the last of them\n').pythonVersions).toEqual(['3.10'])
  expect(selectionOf('python_versions: &pythons [3.20]\n').pythonVersions).toEqual(['3.20'])
  expect(selectionOf('blacklist:\n  - 7zip\n  - 7\n  - 1e3\n  - 0123\n  - 1_000\n  - on\n  - y\n  - null\n').blacklist).toEqual(['7zip', '7', '1e3', '0123', '1_000', 'on', 'y', 'null'])
  expect(selectionOf('pkg_list: 4\n').packages).toEqual(['4'])
  expect(selectionOf('exclude: [1.10]\n').exclude?.map(formatMatchSpec)).toEqual(['1.10'])
})

test('resolveConfig() takes a scalar as a list of one, and equal items once', ({ expect }) => {
  expect(selectionOf('license_blacklist: GPL\nblacklist: gettext\nwhitelist: readline\n')).toEqual({ licenseBlacklist: ['GPL'], blacklist: ['gettext'], whitelist: ['readline'] })
  expect(selectionOf('blacklist: [a, b, a]\n').blacklist).toEqual(['a', 'b'])
})

test('resolveConfig() takes empty lists and false as rules that are switched off', ({ expect }) => {
  const text = 'pkg_list: []\nlicense_blacklist: []\nblacklist: no\nwhitelist:\nexclude: []\ninclude: false\npython_versions: []\nmaximum_size: false\nnewer_than: false\nolder_than: no\nminimum_age: false\nformats: false\nlatest: false\nclosure: false\n'
  expect(selectionOf(text)).toEqual({})
})

test('resolveConfig() lets the keys of a channel replace those at the top', ({ expect }) => {
  const config = resolve('blacklist: [a]\nlatest: 2\nchannels:\n  - ./x\n  - {url: ./y, blacklist: [b], exclude: numpy, python_versions: 3.10}\n  - {url: ./z, blacklist: [], latest: }\n')
  expect(config.channels.map(({ selection }) => ({ ...selection, exclude: selection.exclude?.map(formatMatchSpec) }))).toEqual([
    { blacklist: ['a'], latest: { versions: 2 } },
    { blacklist: ['b'], latest: { versions: 2 }, exclude: ['numpy'], pythonVersions: ['3.10'] },
    { latest: { versions: 2 } },
  ])
})

test('resolveConfig() tells dates from ages', ({ expect }) => {
  expect(selectionOf('newer_than: 2024-02-29\nolder_than: 2025-01-31T12:00:00+02:00\n')).toEqual({ newerThan: Date.UTC(2024, 1, 29), olderThan: Date.UTC(2025, 0, 31, 10) })
  expect(selectionOf('newer_than: "2024-02-29"\n')).toEqual({ newerThan: Date.UTC(2024, 1, 29) })
  expect(selectionOf('newer_than: 90d\nolder_than: 2w\nminimum_age: 7d\nundated: drop\n')).toEqual({ maximumAge: 90 * 86_400_000, minimumAge: 14 * 86_400_000, undated: 'drop' })
})

test('resolveConfig() reads the formats that are allowed, and the one that is preferred', ({ expect }) => {
  expect(selectionOf('formats: conda\n').formats).toEqual({ allowed: ['conda'] })
  expect(selectionOf('formats: [.tar.bz2]\n').formats).toEqual({ allowed: ['tar.bz2'] })
  expect(selectionOf('formats: {prefer: tar.bz2}\n').formats).toEqual({ allowed: ['conda', 'tar.bz2'], prefer: 'tar.bz2' })
  expect(selectionOf('formats: [tar.bz2, conda]\n')).toEqual({})
})

test('resolveConfig() refuses pkg_list beside the other lists of cas-mirror, and names both lines', ({ expect }) => {
  expect(problemOf('pkg_list: [numpy]\nplatforms: [linux-64]\nblacklist: [gettext]\nwhitelist: [readline]\n')).toMatchInlineSnapshot(`
    "mirror.yaml:1: "pkg_list" cannot be used together with "blacklist" (mirror.yaml:3) and "whitelist" (mirror.yaml:4)
    hint: Keep "pkg_list" for only these packages, or the others for all but some. "exclude" may stand beside either."
  `)
  expect(problemOf('license_blacklist: GPL\nchannels:\n  - ./x\n  - url: ./y\n    pkg_list: [numpy]\n')).toMatchInlineSnapshot(`
    "mirror.yaml:5: "pkg_list" cannot be used together with "license_blacklist" (mirror.yaml:1)
    hint: Keep "pkg_list" for only these packages, or the others for all but some. "exclude" may stand beside either."
  `)
  expect(problemOf('pkg_list: [numpy]\nexclude: ["numpy<1"]\nplatforms: [linux-64]\nblacklist: []\n')).toBe('no error')
})

test.for([
  // Match specs.
  ['exclude: ["numpy >= 1.2 <2"]'],
  ['exclude: ["*[licence=MIT]"]'],
  ['exclude:\n  - numpy\n  - "*[license=GPL 3]"'],
  ['include: numpy=1.2 py39_0'],
  ['include: ">=3.6"'],
  ['include: conda-forge/numpy'],
  ['include: [numpy-1.26.0-py312_0.conda]'],
  ['exclude: [{name: numpy, version: "<1"}]'],
  ['exclude: [{name-glob: "numpy*"}]'],
  ['exclude: [~]'],
  // Names.
  ['blacklist: ["numpy>=1"]'],
  ['pkg_list: ["*gpl*"]'],
  ['whitelist: [{name: x}]'],
  // Pythons.
  ['python_versions: [py36]'],
  ['python_versions: [310]'],
  ['python_versions: [latest]'],
  // Times and sizes.
  ['newer_than: 2024-02-31'],
  ['newer_than: 90'],
  ['minimum_age: 0'],
  ['maximum_size: big'],
  ['undated: maybe'],
  ['newer_than: 2025-01-01\nolder_than: 2024-01-01'],
  ['newer_than: 7d\nminimum_age: 30d'],
  ['newer_than: 2025-12-30\nolder_than: 90d'],
  // Formats, versions, closure.
  ['formats: []'],
  ['formats: [zip]'],
  ['formats: [tarbz2]'],
  ['formats: {allow: conda, prefer: tar.bz2}'],
  ['formats: {alow: conda}'],
  ['latest: 0'],
  ['latest: {}'],
  ['latest: {versions: many}'],
  ['closure: []'],
  ['closure: {}'],
  ['closure: {virtual_packages: {linux-64: __glibc}}'],
  ['closure: {specs: numpy, virtual_packages: {linux: __glibc}}'],
  ['closure: {specs: numpy, virtual_packages: {linux-64: [glibc=2.28]}}'],
  ['closure: {specs: numpy, virtual_packages: {linux-64: [__glibc=2..8]}}'],
  ['closure: {specs: numpy, locks: [[pixi.lock]]}'],
  ['closure: {specs: numpy, exact: perhaps}'],
  ['closure: {spec: numpy}'],
  ['channels:\n  - url: ./x\n    exclude: ["numpy[", b]'],
  ['channels:\n  - url: ./x\n    exlude: [b]'],
  // Budgets, installers, keeping.
  ['budget: {}'],
  ['budget: {bytes: lots}'],
  ['budget: {artifacts: -1}'],
  ['installers: {latest: 0}'],
  ['installers: some'],
  ['retain: -1'],
  ['file_mode: 0244'],
  ['file_mode: 4755'],
  ['file_mode: rw'],
  ['directory_mode: 0644'],
  ['derivatives: {run_exports: maybe}'],
  ['derivatives: {run_export: true}'],
  ['verbose: loud'],
  ['remote_url: "https://"'],
  ['channels: [{url: ./x, path: miniconda/x}]'],
] as const)('resolveConfig() refuses %j', ([text], { expect }) => {
  expect(problemOf(`${text}\n`)).toMatchSnapshot()
})

test('resolveConfig() warns of what has no effect, and refuses it when it is strict', ({ expect }) => {
  expect(warningsOf('whitelist: [readline]\n')).toMatchInlineSnapshot(`
    [
      "mirror.yaml:1: "whitelist" alone has no effect: it adds back what "blacklist" and "license_blacklist" left out; for only these packages (as in cas-mirror until 2.2) use "pkg_list"",
    ]
  `)
  expect(warningsOf('undated: drop\n')).toMatchInlineSnapshot(`
    [
      "mirror.yaml:1: "undated" has no effect without "newer_than", "older_than" or "minimum_age"",
    ]
  `)
  expect(warningsOf('license_blacklist: [GPL, Apche, "Nothing that exists"]\n')).toMatchInlineSnapshot(`
    [
      "mirror.yaml:1: "license_blacklist" has "Apche", which is neither a family of licences nor a licence, so it leaves nothing out; the nearest is Apache",
      "mirror.yaml:1: "license_blacklist" has "Nothing that exists", which is neither a family of licences nor a licence, so it leaves nothing out",
    ]
  `)
  expect(fail('whitelist: [readline]\n', { strict: true })).toContain('CONFIG_INVALID: Cannot use the configuration: mirror.yaml:1: "whitelist" alone has no effect')
  expect(warningsOf('installers: all\nfetch_installers: false\n')).toEqual(['mirror.yaml:1: "installers" has no effect, because "fetch_installers" is false (mirror.yaml:2)'])
  expect(warningsOf('remote_url: ""\ninstallers: all\n')).toEqual(['mirror.yaml:2: "installers" has no effect, because "remote_url" is empty (mirror.yaml:1)'])
  expect(warningsOf('python_versions: [3.1]\n')).toMatchInlineSnapshot(`
    [
      "mirror.yaml:1: "python_versions" has 3.1, for which nothing was ever built; was it 3.10?",
    ]
  `)
})

test.for<readonly [string, string | undefined]>([
  ['GLP3', 'GPL3'], ['Apache-2.1', 'Apache-1.1'], ['Propietary', 'Proprietary'], ['MIT OR BSD', undefined], ['our own', undefined], ['LicenseRef-', undefined], ['LGPL-7', 'LGPL'],
  ['x'.repeat(10_000), undefined],
])('resolveConfig() names the licence that is nearest to %s: %s', ([name, nearest], { expect }) => {
  const [warning] = warningsOf(`license_blacklist: ${JSON.stringify([name])}\n`)
  expect(/the nearest is (\S+)$/.exec(warning ?? 'none')?.[1]).toBe(nearest)
  expect(warning).toContain(name)
})

test('resolveConfig() warns of a key at the top only when no channel makes use of it', ({ expect }) => {
  expect(warningsOf('whitelist: [readline]\nchannels: [./x, {url: ./y, blacklist: [a]}]\n')).toEqual([])
  expect(warningsOf('channels: [./x, {url: ./y, whitelist: [a]}]\n')).toHaveLength(1)
})

test('resolveConfig() knows nothing of selections where there is none', ({ expect }) => {
  expect(resolve(undefined).channels[0]).toMatchObject({ selection: {}, seedFiles: { environments: [], locks: [] } })
  expect(NOW).toBeGreaterThan(0)
})
