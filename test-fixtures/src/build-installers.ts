import { createHash } from 'node:crypto'
import { mkdir, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createPadding } from './padding.ts'

/** One installer of a page. */
export interface InstallerDescription {
  readonly name: string
  /** Bytes, default 2,000. */
  readonly size?: number
  /** Another word makes other bytes of the same size. Default: the name. */
  readonly seed?: string
  /** The checksum that the page has; `none` for an empty cell. Default `sha256`. */
  readonly checksum?: 'sha256' | 'md5' | 'none'
}

/** The two folders of upstream. */
export interface InstallersDescription {
  readonly archive?: readonly InstallerDescription[]
  readonly miniconda?: readonly InstallerDescription[]
}

/** An installer that was built. */
export interface BuiltInstaller {
  /** From the root. */
  readonly path: string
  readonly bytes: Buffer
  readonly sha256: string
  readonly md5: string
}

const MODIFIED = new Date('2024-10-31T16:01:25Z')

/** Writes `archive/` and `miniconda/` below `folder`: installers of random bytes, and a page for each folder as upstream writes it. A folder left out is not made. */
export async function buildInstallers(description: InstallersDescription, folder: string): Promise<readonly BuiltInstaller[]> {
  const built: BuiltInstaller[] = []
  for (const kind of ['archive', 'miniconda'] as const) {
    const installers = description[kind]
    if (installers === undefined) continue
    await mkdir(join(folder, kind), { recursive: true })
    const rows: InstallerRow[] = []
    for (const installer of installers) {
      const made = makeInstaller(kind, installer)
      await writeFile(join(folder, made.path), made.bytes)
      await utimes(join(folder, made.path), MODIFIED, MODIFIED)
      built.push(made)
      const { checksum = 'sha256', name } = installer
      rows.push({ name, size: made.bytes.length, digest: checksum === 'none' ? '' : made[checksum] })
    }
    await writeFile(join(folder, kind, 'index.html'), createInstallerPage(kind, rows))
  }
  return built
}

function makeInstaller(kind: string, { name, size = 2000, seed = name }: InstallerDescription): BuiltInstaller {
  const bytes = createPadding(seed, size)
  const hash = (algorithm: string): string => createHash(algorithm).update(bytes).digest('hex')
  return { path: `${kind}/${name}`, bytes, sha256: hash('sha256'), md5: hash('md5') }
}

/** A row of a page. */
export interface InstallerRow {
  readonly name: string
  readonly size: number
  /** sha256 or md5, in hex. */
  readonly digest: string
}

/** A page as repo.anaconda.com writes it: newer ones have a column of SHA256, older ones of MD5. */
export function createInstallerPage(kind: string, rows: readonly InstallerRow[]): string {
  const head = rows.every(({ digest }) => digest.length === 32) && rows.length > 0 ? 'MD5' : 'SHA256'
  const lines = rows.map(({ name, size, digest }) => `    <tr>
      <td><a href="${escapeHtml(name)}">${escapeHtml(name)}</a></td>
      <td class="s">${formatSize(size)}</td>
      <td>2024-10-31 16:01:25</td>
      <td>${digest}</td>
    </tr>`)
  return `<!DOCTYPE html>
<html>
<head>
  <title>Index of /${kind}/</title>
  <meta charset="UTF-8"/>
  <style type="text/css">
    .s { text-align: right; }
  </style>
</head>
<body>
  <h2>Index of /${kind}/</h2>
  <table>
    <tr>
      <th>Filename</th>
      <th>Size</th>
      <th>Last Modified</th>
      <th>${head}</th>
    </tr>
${lines.join('\n')}
  </table>
  <address>Updated: 2024-10-31 16:01:25 UTC - Files: ${rows.length}</address>
</body>
</html>
`
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}

function formatSize(size: number): string {
  const kilobytes = size / 1024
  if (kilobytes < 1024) return `${kilobytes.toFixed(1)}K`
  return kilobytes < 1024 * 1024 ? `${(kilobytes / 1024).toFixed(1)}M` : `${(kilobytes / 1024 / 1024).toFixed(1)}G`
}

/** Real names of both folders: several products, versions, platforms and formats. */
export function createSampleInstallers(): Required<InstallersDescription> {
  const anaconda3 = ['2023.09-0', '2024.06-1', '2024.10-1'].flatMap((version) => [
    `Anaconda3-${version}-Linux-x86_64.sh`, `Anaconda3-${version}-Linux-aarch64.sh`, `Anaconda3-${version}-Linux-s390x.sh`, `Anaconda3-${version}-MacOSX-x86_64.pkg`,
    `Anaconda3-${version}-MacOSX-x86_64.sh`, `Anaconda3-${version}-MacOSX-arm64.pkg`, `Anaconda3-${version}-Windows-x86_64.exe`,
  ])
  const old = ['Anaconda2-2019.10-Linux-x86_64.sh', 'Anaconda2-2019.10-Linux-ppc64le.sh', 'Anaconda-2.3.0-Linux-x86_64.sh', 'Anaconda3-5.3.1-Linux-x86.sh', 'Anaconda3-2022.05-Windows-x86.exe']
  const miniconda3 = ['py39_24.7.1-0', 'py312_24.7.1-0', 'py39_24.9.2-0', 'py312_24.9.2-0'].flatMap((version) => [
    `Miniconda3-${version}-Linux-x86_64.sh`, `Miniconda3-${version}-Linux-aarch64.sh`, `Miniconda3-${version}-MacOSX-arm64.pkg`, `Miniconda3-${version}-Windows-x86_64.exe`,
  ])
  const latest = ['Linux-x86_64.sh', 'Linux-aarch64.sh', 'MacOSX-arm64.pkg', 'Windows-x86_64.exe']
    .map((rest): InstallerDescription => ({ name: `Miniconda3-latest-${rest}`, seed: `Miniconda3-py312_24.9.2-0-${rest}` }))
  const oldest = ['Miniconda3-4.7.12-Linux-x86.sh', 'Miniconda3-3.16.0-Linux-armv7l.sh', 'Miniconda2-4.7.12.1-Linux-x86_64.sh', 'Miniconda-3.16.0-Linux-x86_64.sh']
  const named = (names: readonly string[], checksum: 'sha256' | 'md5' = 'sha256'): readonly InstallerDescription[] => names.map((name) => ({ name, checksum }))
  return { archive: [...named(anaconda3), ...named(old, 'md5')], miniconda: [...latest, ...named(miniconda3), ...named(oldest, 'md5')] }
}
