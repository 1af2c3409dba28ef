import { readFileSync } from 'node:fs'
import { test } from 'vitest'
import { formatMatchSpec } from '@mirror/core'
import { formatConfig } from '../../src/config/format-config.ts'
import { comparable, examples, fail, resolve } from './config-support.ts'

function example(name: string): string {
  const text = examples.get(`${name}.yaml`)
  if (text === undefined) throw new Error(`There is no example ${name}`)
  return text
}

const ALL = ['osx-32', 'osx-64', 'win-32', 'win-64', 'linux-32', 'linux-64', 'linux-armv6l', 'linux-armv7l', 'linux-ppc64le', 'noarch']
const MAIN_FREE_PRO = ['main', 'free', 'pro'].map((name) => `https://repo.anaconda.com/pkgs/${name}`)

test.for([
  ['platforms', { urls: MAIN_FREE_PRO, subdirs: ['linux-64', 'win-64', 'noarch'], selection: {}, installers: true }],
  ['licences', { urls: MAIN_FREE_PRO, subdirs: ALL, selection: { licenseBlacklist: ['GPL3'], blacklist: ['gettext', 'glib'], whitelist: ['readline'] }, installers: true }],
  ['only-some-packages', { urls: MAIN_FREE_PRO, subdirs: ALL, selection: { packages: ['accelerate', 'pyqt', 'zope'] }, installers: true }],
  ['pythons', { urls: MAIN_FREE_PRO, subdirs: ALL, selection: { pythonVersions: ['2.7', '3.6'] }, installers: true }],
  ['air-gapped-media', { urls: ['file:///installer/anaconda-suite/pkgs'], subdirs: ALL, selection: {}, installers: true }],
  ['token', { urls: ['https://conda.anaconda.org/anaconda-platform'], subdirs: ALL, selection: {}, installers: true }],
  ['r-channel', { urls: ['https://conda.anaconda.org/r'], subdirs: ALL, selection: {}, installers: true }],
  ['skip-installers', { urls: MAIN_FREE_PRO, subdirs: ['linux-64', 'win-64', 'noarch'], selection: {}, installers: false }],
  ['delta-off', { urls: MAIN_FREE_PRO, subdirs: ['linux-64', 'noarch'], selection: {}, installers: true }],
  ['enterprise', { urls: ['https://repo.anaconda.com/pkgs/main'], subdirs: ['linux-64', 'noarch'], selection: {}, installers: true }],
  ['airgap-builder', { urls: ['https://repo.anaconda.com/pkgs/main'], subdirs: ['linux-64', 'noarch'], selection: {}, installers: false }],
] as const)('resolveConfig() reads the documented example %s', ([name, expected], { expect }) => {
  const config = resolve(example(name))
  expect(config.warnings).toEqual([])
  expect({
    urls: config.channels.map(({ channel }) => channel.url),
    subdirs: config.channels[0]?.subdirs.map(({ subdir }) => subdir),
    selection: config.channels[0]?.selection,
    installers: config.installers !== undefined,
  }).toEqual(expected)
})

test('resolveConfig() says of the documented example whose comment swallows "platforms:" exactly that', ({ expect }) => {
  expect(fail(example('swallowed-platforms'))).toMatchInlineSnapshot(`
    "CONFIG_INVALID: Cannot use the configuration: mirror.yaml:4: the key "platforms:" stands at the end of a comment, so the comment swallows it and the list below belongs to nothing
    hint: Put "platforms:" on a line of its own, below the comment."
  `)
})

test('resolveConfig() keeps the token of the documented example apart, and what other commands read', ({ expect }) => {
  expect(resolve(example('token')).channels[0]?.channel).toMatchObject({ folder: 'anaconda-platform' })
  expect(resolve(example('token')).channels[0]?.channel.token?.reveal()).toBe('tk-123-abc')
  expect(resolve(example('delta-off')).upload).toMatchObject({ site: 'myrepo', channel: undefined })
  expect(resolve(example('airgap-builder'))).toMatchObject({ logLevel: 'DEBUG', mirrorDir: '/srv/here/mirrors/main-linux-64' })
})

test('resolveConfig() refuses two local folders of one name, and says how to keep them apart', ({ expect }) => {
  expect(fail(example('local-paths'))).toMatchInlineSnapshot(`
    "CONFIG_INVALID: Cannot use the configuration: mirror.yaml:3: file:///installer/r/pkgs would be kept in the folder "pkgs", where file:///srv/mirror/pkgs is
    hint: Give one of them another folder: {url: …, path: …}. If they are the same channel, remove one."
  `)
})

test('resolveConfig() reads every key', ({ expect }) => {
  const config = resolve(example('everything'))
  const [forge, team] = config.channels
  expect(config).toMatchObject({
    installers: { latest: 3, remote: { url: 'https://repo.anaconda.com' } },
    derivatives: { currentRepodata: false, runExports: true, channeldata: true, repodataFromPackages: false, patchInstructions: false },
    retain: 5,
    fileMode: 0o640,
    directoryMode: 0o2750,
    group: '1000',
    metricsFile: '/var/lib/node_exporter/mirror.prom',
    channelAlias: 'https://conda.example.org',
    logLevel: 'INFO',
  })
  expect(forge?.channel.url).toBe('https://conda.example.org/conda-forge')
  expect(forge?.selection.exclude?.map(formatMatchSpec)).toEqual(["*[license='*gpl*']", "pytorch[version='>=2']", 'conda-forge::numpy=1.26'])
  expect(forge?.selection.include?.map(formatMatchSpec)).toEqual(['libgcc*'])
  expect(forge?.selection).toMatchObject({
    pythonVersions: ['3.10', '3.12'],
    maximumSize: 2 * 1024 ** 3,
    newerThan: Date.UTC(2024, 0, 31),
    minimumAge: 7 * 86_400_000,
    undated: 'drop',
    formats: { allowed: ['conda', 'tar.bz2'], prefer: 'conda' },
    latest: { versions: 3 },
  })
  expect(forge?.selection.closure).toMatchObject({ artifacts: [], elsewhere: true, exact: true })
  expect(forge?.selection.closure?.virtualPackages).toEqual(new Map([['linux-64', [{ name: '__glibc', version: '2.28', build: '0' }, { name: '__cuda', version: '0', build: '0' }]]]))
  expect(forge?.seedFiles).toEqual({ environments: ['/srv/here/env/environment.yml'], locks: ['/srv/here/pixi.lock'] })
  expect(forge?.budget).toEqual({ bytes: 500e9, artifacts: undefined })
  expect(team?.channel).toMatchObject({ url: 'https://conda.example.org/team/label/rc', folder: 'team-rc' })
  expect(team?.selection).toMatchObject({ latest: { versions: 1, builds: 1 }, pythonVersions: ['3.10', '3.12'] })
  expect(Object.keys(team?.selection ?? {})).not.toContain('exclude')
  expect(Object.keys(team?.selection ?? {})).not.toContain('maximumSize')
  expect(team?.budget).toEqual({ bytes: undefined, artifacts: 100 })
})

test('resolveConfig() reads every example of the reference', ({ expect }) => {
  const page = readFileSync(new URL('../../../../docs/reference/config.md', import.meta.url), 'utf8')
  const texts = [...page.matchAll(/```yaml\n(?<text>.*?)```/gs)].map(({ groups }) => groups?.['text'] ?? '')
  expect(texts.length).toBeGreaterThan(1)
  for (const text of texts) expect(resolve(text, { strict: true }).warnings).toEqual([])
})

const usable = [...examples].filter(([name]) => !['swallowed-platforms.yaml', 'local-paths.yaml'].includes(name))

test.for(usable)('formatConfig() prints a file that means the same as %s', ([, text], { expect }) => {
  const config = resolve(text)
  const printed = formatConfig(config, true)
  expect(comparable(resolve(printed))).toBe(comparable(config))
  expect(formatConfig(resolve(printed), true).split('\n').slice(1)).toEqual(printed.split('\n').slice(1))
})
