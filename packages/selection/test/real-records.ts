import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { zstdDecompressSync } from 'node:zlib'

/** Where real channels are; a test that needs them is skipped by name where the folder is absent. */
export const REAL_DATA: string = process.env['MIRROR_TEST_DATA'] ?? fileURLToPath(new URL('../../../../shared/data', import.meta.url))

/** True where real channels are. */
export const HAS_REAL_RECORDS: boolean = existsSync(join(REAL_DATA, 'repodata/history.tar.zst'))

/** A record, whatever it holds. */
export type RealRecord = Readonly<Record<string, unknown>>

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function recordsOf(text: string): readonly RealRecord[] {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    return []
  }
  if (!isObject(document)) return []
  const isBare = !('packages' in document) && !('packages.conda' in document)
  const sections = isBare ? [document] : [document['packages'], document['packages.conda']]
  return sections.flatMap((section) => (isObject(section) ? Object.values(section).filter(isObject) : []))
}

/** The last state of each channel of the archive of histories. */
function readLastStates(): readonly string[] {
  const archive = zstdDecompressSync(readFileSync(join(REAL_DATA, 'repodata/history.tar.zst')))
  const files = new Map<string, { readonly name: string; readonly text: () => string }>()
  for (let at = 0; at + 512 <= archive.length && archive[at] !== 0;) {
    const name = archive.toString('utf8', at, archive.indexOf(0, at))
    const size = Number.parseInt(archive.toString('latin1', at + 124, at + 135), 8)
    const start = at + 512
    const folder = name.split('/').slice(0, -1).join('/')
    if (name.endsWith('.json') && (files.get(folder)?.name ?? '') < name) files.set(folder, { name, text: () => archive.toString('utf8', start, start + size) })
    at = start + Math.ceil(size / 512) * 512
  }
  return [...files.values()].map(({ text }) => text())
}

/** The records of all real channels, and of the last state of each history. */
export function readRealRecords(): readonly RealRecord[] {
  const files = globSync(['repodata/**/*.json', 'channels/**/*repodata*.json'], { cwd: REAL_DATA }).toSorted().map((file) => readFileSync(join(REAL_DATA, file), 'utf8'))
  return [...files, ...readLastStates()].flatMap(recordsOf)
}
