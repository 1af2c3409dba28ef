import { buildChannel, buildInstallers, createSampleInstallers } from '@mirror/test-fixtures'
import { join } from 'node:path'

const DAY = 86_400_000

/** The channels that the guides speak of: names that people know, small artifacts, dates on both sides of a few weeks ago; and installers at the root. */
export async function buildGuideUpstream(folder) {
  const old = Date.UTC(2023, 2, 1)
  const recent = Date.now() - 2 * DAY
  const python = (version) => [
    { name: 'python', version: `${version}.1`, build: `h1_0_cpython`, depends: ['openssl >=3'], timestamp: old, record: { license: 'PSF-2.0' } },
    { name: 'numpy', version: '1.26.4', build: `py${version.replace('.', '')}_0`, depends: [`python ${version}.*`, 'libblas'], timestamp: old, record: { license: 'BSD-3-Clause' } },
    { name: 'numpy', version: '2.1.0', build: `py${version.replace('.', '')}_0`, depends: [`python ${version}.*`, 'libblas'], timestamp: recent, record: { license: 'BSD-3-Clause' } },
  ]
  const platform = [
    ...python('3.10'), ...python('3.12'),
    { name: 'openssl', version: '3.0.1', timestamp: old }, { name: 'openssl', version: '3.3.0', format: 'both', timestamp: recent }, { name: 'libblas', version: '3.9', timestamp: old },
    { name: 'readline', version: '8.2', timestamp: old, record: { license: 'GPL-3.0-only', license_family: 'GPL' } },
    { name: 'gettext', version: '0.21', timestamp: old, record: { license: 'GPL-3.0-or-later', license_family: 'GPL3' } },
    { name: 'pytorch', version: '2.4.0', size: 200_000, depends: ['python >=3.10', 'numpy'], timestamp: old },
  ]
  const noarch = [{ name: 'requests', version: '2.32.0', noarch: 'python', depends: ['python >=3.8'], timestamp: old }, { name: 'tzdata', version: '2024a', timestamp: old }]
  const index = { variants: ['zst', 'bz2', 'current_repodata', 'run_exports'] }
  const description = { subdirs: { noarch, 'linux-64': platform, 'win-64': platform }, index, channeldata: true }
  for (const path of ['pkgs/main', 'pkgs/r', 'conda-forge', 'team']) await buildChannel(description, join(folder, ...path.split('/')))
  await buildInstallers(createSampleInstallers(), folder)
}
