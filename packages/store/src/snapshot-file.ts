import { join } from 'node:path'
import { isJsonObject } from '@mirror/core'
import type { Snapshot } from './contract.ts'
import type { DiskPaths } from './disk-paths.ts'
import { isCount, parseSealed, readSmallFile } from './disk-write.ts'
import type { StoreEvent } from './events.ts'
import { assertFormat, readNames } from './generation-file.ts'
import { storeError } from './store-error.ts'

const NAME = /^(?![0-9]+$)[a-z0-9][a-z0-9._-]{0,63}$/

/** Throws `SNAPSHOT_NAME_INVALID` for what cannot be a snapshot's name: those of all digits would be taken for generations. */
export function assertSnapshotName(name: string): void {
  if (NAME.test(name)) return
  throw storeError('SNAPSHOT_NAME_INVALID', `Cannot use ${JSON.stringify(name)} as the name of a snapshot: it is not one`, {
    hint: 'Use 1 to 64 of a-z, 0-9, ".", "_" and "-", starting with a letter or a digit, and not digits alone.',
  })
}

/** Where a snapshot lies. The name must have been checked. */
export function snapshotPath({ snapshots }: Pick<DiskPaths, 'snapshots'>, name: string): string {
  return join(snapshots, `${name}.json`)
}

/** What lies in `snapshots/`. */
export interface Snapshots {
  /** By name. */
  readonly whole: readonly Snapshot[]
  /** Names whose file cannot be read: they stand for some generation, nobody knows which. */
  readonly damaged: readonly string[]
}

/** Reads every snapshot. Throws `STORE_TOO_NEW` for one of a later format. */
export function readSnapshots(paths: Pick<DiskPaths, 'snapshots'>): Snapshots {
  const whole: Snapshot[] = []
  const damaged: string[] = []
  for (const file of readNames(paths.snapshots).toSorted()) {
    const name = file.slice(0, -'.json'.length)
    if (!file.endsWith('.json') || !NAME.test(name)) continue
    const snapshot = parseSnapshot(name, parseSealed(readSmallFile(snapshotPath(paths, name)) ?? ''))
    if (snapshot === undefined) damaged.push(name)
    else whole.push(snapshot)
  }
  return { whole, damaged }
}

function parseSnapshot(name: string, value: unknown): Snapshot | undefined {
  if (!isJsonObject(value)) return undefined
  assertFormat(value['format'])
  const { generation, named } = value
  if (value['name'] !== name || !isCount(generation) || typeof named !== 'string' || Number.isNaN(Date.parse(named))) return undefined
  return { name, generation, named }
}

/** The generations that have a name. A name that cannot be read might stand for any: then all of them are kept, and the observer is told. */
export function namedGenerations(paths: Pick<DiskPaths, 'snapshots'>, observe: (event: StoreEvent) => void): ReadonlySet<number> | 'all' {
  const { whole, damaged } = readSnapshots(paths)
  if (damaged.length === 0) return new Set(whole.map(({ generation }) => generation))
  observe({ type: 'store-warning', warning: 'snapshot-damaged' })
  return 'all'
}
