import { buildChannel, type BuiltChannel } from './build-channel.ts'
import { changeChannel } from './change-channel.ts'
import type { PackageDescription } from './package-description.ts'

const MEGABYTE = 1_000_000

/** `hello` prints a line, `hello-world` needs it: both can be installed anywhere with a shell. */
const HELLO: readonly PackageDescription[] = [
  {
    name: 'greeting',
    version: '1.0',
    format: 'both',
    files: { 'share/greeting/text': 'hello from the mirror\n' },
  },
  {
    name: 'hello',
    version: '1.0',
    depends: ['greeting >=1.0'],
    format: 'both',
    files: { 'bin/hello': { content: '#!/bin/sh\ncat "$(dirname "$0")/../share/greeting/text"\n', mode: 0o755 } },
    runExports: { weak: ['greeting >=1.0'] },
  },
]

const NOARCH: readonly PackageDescription[] = [
  ...HELLO,
  { name: 'tz-tables', version: '2024.1', size: MEGABYTE / 2, license: 'LicenseRef-Public-Domain', timestamp: Date.UTC(2024, 2, 1) },
  { name: 'tz-tables', version: '2024.2', size: MEGABYTE / 2, license: 'LicenseRef-Public-Domain', timestamp: Date.UTC(2024, 8, 1) },
  { name: 'report-templates', version: '3.2.1', depends: ['hello'], size: MEGABYTE / 4, license: 'MIT' },
  { name: 'pure-maths', version: '0.9', noarch: 'python', depends: ['python >=3.11'], files: { 'site-packages/pure_maths.py': 'def double(x):\n    return 2 * x\n' } },
]

const LIBRARIES = ['libalpha', 'libbeta', 'libgamma', 'libdelta', 'libepsilon', 'libzeta'] as const
const VERSIONS = ['1.0.0', '1.1.0', '2.0.0'] as const

/** Libraries in three versions, each new one larger; the oldest comes as `.tar.bz2` too, as in real channels. */
function createLibraries(platform: string): PackageDescription[] {
  return LIBRARIES.flatMap((name, library) =>
    VERSIONS.map((version, age) => ({
      name,
      version,
      build: `h${platform}_${age}`,
      buildNumber: age,
      depends: library === 0 ? ['hello'] : [`${LIBRARIES[library - 1] ?? ''} >=${version}`],
      format: age === 0 ? ('both' as const) : ('conda' as const),
      size: Math.round(MEGABYTE * (age === 0 ? 0.15 : 0.8 + 0.2 * library)),
      license: library === 5 ? 'GPL-3.0-only' : 'BSD-3-Clause',
      timestamp: Date.UTC(2024, age * 3, 1 + library),
      runExports: { weak: [`${name} >=${version},<3`] },
    })),
  )
}

/**
 * Builds the channel that the demonstration mirrors: noarch, linux-64 and osx-arm64, both formats, every index form,
 * packages that conda tools can install. About 60 artifacts and 40 MB; the same bytes everywhere.
 */
export async function createSampleChannel(folder: string): Promise<BuiltChannel> {
  return await buildChannel(
    {
      channeldata: true,
      index: { variants: ['zst', 'bz2', 'shards', 'run_exports'] },
      subdirs: { noarch: NOARCH, 'linux-64': createLibraries('linux'), 'osx-arm64': createLibraries('osx') },
    },
    folder,
  )
}

/** What `advanceSampleChannel` may do besides. */
export interface AdvanceOptions {
  /** Give one artifact, `tz-tables-2024.2-0.conda`, new bytes under its name; default false. */
  readonly reuseName?: boolean
}

/** The upstream of the sample channel moves on: 3 artifacts more, 2 less, 2 records corrected. Works once on a channel. */
export async function advanceSampleChannel(folder: string, options: AdvanceOptions = {}): Promise<void> {
  const reused: PackageDescription[] = options.reuseName === true ? [{ ...pick('tz-tables', '2024.2'), salt: 'rebuilt' }] : []
  await changeChannel(folder, {
    add: {
      noarch: [
        ...reused,
        { name: 'tz-tables', version: '2025.1', size: MEGABYTE / 2, license: 'LicenseRef-Public-Domain', timestamp: Date.UTC(2025, 2, 1) },
      ],
      'linux-64': [createRelease('linux')],
      'osx-arm64': [createRelease('osx')],
    },
    remove: { 'linux-64': ['libgamma-1.1.0-hlinux_1.conda'], 'osx-arm64': ['libgamma-1.1.0-hosx_1.conda'] },
    relist: {
      'linux-64': { 'libbeta-2.0.0-hlinux_2.conda': { depends: ['libalpha >=1.1.0'] } },
      'osx-arm64': { 'libbeta-2.0.0-hosx_2.conda': { depends: ['libalpha >=1.1.0'] } },
    },
  })
}

function createRelease(platform: string): PackageDescription {
  return {
    name: 'libalpha',
    version: '2.1.0',
    build: `h${platform}_0`,
    depends: ['hello'],
    size: MEGABYTE,
    timestamp: Date.UTC(2025, 0, 10),
    runExports: { weak: ['libalpha >=2.1.0,<3'] },
  }
}

function pick(name: string, version: string): PackageDescription {
  const found = NOARCH.find((description) => description.name === name && description.version === version)
  if (found === undefined) throw new TypeError(`The sample channel has no ${name} ${version}`)
  return found
}
