import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'vitest'
import { createBufferSource, parseSubdirName, readIndexLayout } from '@mirror/core'
import { type SelectableIndex, selectRecords } from '@mirror/selection'
import { stringify } from 'yaml'
import { importConfig } from '../../../src/config/import/import-config.ts'
import { resolve } from '../config-support.ts'

interface OracleCase {
  readonly blacklist: readonly Readonly<Record<string, string>>[]
  readonly whitelist: readonly Readonly<Record<string, string>>[]
  readonly kept: Readonly<Record<string, { readonly count: number; readonly sha256: string }>>
}

const DATA = process.env['MIRROR_TEST_DATA'] ?? fileURLToPath(new URL('../../../../../../shared/data', import.meta.url))
const CASES = JSON.parse(readFileSync(new URL('conda-mirror-0.10.0.json', import.meta.url), 'utf8')) as readonly OracleCase[]
const PATHS = Object.keys(CASES[0]?.kept ?? {})

const SUBDIR = parseSubdirName('linux-64')

interface RealIndex extends SelectableIndex {
  /** By row. */
  readonly names: readonly string[]
}

/** An index of real records; some files are bare maps of them. */
function readIndex(path: string): RealIndex {
  const text = readFileSync(join(DATA, 'repodata', path), 'utf8')
  const bytes = Buffer.from(text.includes('"packages"') ? text : indexOfMap(text))
  const source = createBufferSource(bytes)
  const layout = readIndexLayout(source)
  const nameAt = (row: number): string => String(JSON.parse(bytes.toString('utf8', layout.entryAt(row), layout.sliceAt(row).position).replace(/\s*:\s*$/, '')))
  return { subdir: SUBDIR, source, layout, names: Array.from({ length: layout.rows }, (_, row) => nameAt(row)) }
}

function indexOfMap(text: string): string {
  const records = Object.entries(JSON.parse(text) as Readonly<Record<string, { readonly subdir?: string }>>)
  return JSON.stringify({ packages: Object.fromEntries(records.filter(([, { subdir = SUBDIR }]) => subdir === SUBDIR)) })
}

/** What we keep with the imported configuration, and how much of the lists it leaves out. */
function keptOf({ blacklist, whitelist }: OracleCase, indexes: ReadonlyMap<string, RealIndex>): { readonly leftOut: number; readonly kept: OracleCase['kept'] } {
  const text = stringify({ upstream_channel: 'conda-forge', target_directory: '/srv/mirror/forge', platform: 'linux-64', blacklist, whitelist }, { version: '1.1' })
  const imported = importConfig({ path: 'conda-mirror.yaml', text })
  const selection = resolve(imported.text).channels[0]?.selection ?? {}
  const kept = [...indexes].map(([path, index]) => {
    const keep = selectRecords([index], selection, { now: 0 }).subdirs.get(SUBDIR)?.keep
    const names = index.names.filter((_, row) => keep === undefined || keep[row] !== 0).toSorted()
    return [path, { count: names.length, sha256: createHash('sha256').update(names.join('\n')).digest('hex') }] as const
  })
  return { leftOut: imported.notes.filter(({ type }) => type === 'left-out').length, kept: Object.fromEntries(kept) }
}

// The records of real channels are not in the repository (MIRROR_TEST_DATA): skipped where their folder is absent.
test.skipIf(!PATHS.every((path) => existsSync(join(DATA, 'repodata', path))))('importConfig() keeps of real records what conda-mirror 0.10.0 itself kept, list by list', ({ expect }) => {
  const indexes = new Map(PATHS.map((path) => [path, readIndex(path)]))
  const ours = CASES.map((one) => ({ one, ...keptOf(one, indexes) }))
  const exact = ours.filter(({ leftOut }) => leftOut === 0)
  for (const { one, kept } of exact) expect({ ...one, kept }).toEqual(one)
  // What has no equal is noted, and rare.
  expect(exact.length).toBeGreaterThan(CASES.length * 0.75)
  expect(ours.length - exact.length).toBeGreaterThan(5)
})
