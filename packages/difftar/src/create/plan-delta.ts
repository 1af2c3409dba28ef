import { createHash } from 'node:crypto'
import { lstatSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { digestHex, digestKind } from '@mirror/core'
import { DELTA_FORMAT, type DeltaEntry, type DeltaManifest, deltaPath } from '@mirror/delta'
import { openFile } from '../files/open-file.ts'
import type { ChannelDiff, DiffEntry } from '../tree/diff-channel.ts'
import { asSha256, treeDamaged } from '../tree/read-subdir.ts'

/** An entry with the file that has its bytes. */
export interface SourcedEntry extends DeltaEntry {
  /** From the root of the delta. */
  readonly place: string
  /** Where the bytes lie. */
  readonly file: string
  /** Seconds since 1970. */
  readonly mtime: number
}

/** A delta before it is written. */
export interface PlannedDelta {
  readonly manifest: DeltaManifest
  /** In the order in which they travel. */
  readonly entries: readonly SourcedEntry[]
}

/** What a plan is made from. */
export interface PlanDeltaOptions {
  readonly diffs: readonly ChannelDiff[]
  readonly sequence: number
  readonly guards?: DeltaManifest['guards'] | undefined
  readonly created?: string | undefined
  /** Seconds since 1970 for every member; left out: 1980 for artifacts, that of the file for indexes, so that servers do not take a new one for the old. */
  readonly mtime?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/** 1980-01-01: what the bytes of an artifact are does not depend on when they came, and some tools do not like 1970. */
const ARTIFACT_TIME = 315_532_800

/** Looks at every file that has to travel, and writes the manifest. Throws `TREE_DAMAGED` for one that is missing or has another size. */
export async function planDelta({ diffs, sequence, guards = 'none', created, mtime, signal }: PlanDeltaOptions): Promise<PlannedDelta> {
  const entries: SourcedEntry[] = []
  const channels: DeltaManifest['channels'][number][] = []
  for (const diff of diffs.toSorted((left, right) => (left.folder < right.folder ? -1 : 1))) {
    const sourced: SourcedEntry[] = []
    for (const entry of diff.entries) {
      signal?.throwIfAborted()
      sourced.push(await findSource(diff, entry, mtime))
    }
    channels.push({
      folder: diff.folder, bases: diff.bases, target: diff.target, remove: diff.remove,
      entries: sourced.map(({ kind, path, size, sha256 }) => ({ kind, path, size, sha256 })),
    })
    for (const entry of sourced) entries.push(entry)
  }
  return { entries, manifest: { reader: DELTA_FORMAT, sequence, created, guards, channels, volumes: [] } }
}

async function findSource({ root, folder }: ChannelDiff, { kind, path, size, digest }: DiffEntry, mtime: number | undefined): Promise<SourcedEntry> {
  const file = join(root, path)
  // A link to a file travels as the file: over there is nothing that it could lead to.
  const stat = statSync(file, { throwIfNoEntry: false })
  if (stat?.isFile() !== true) throw treeDamaged(lstatSync(file, { throwIfNoEntry: false }) === undefined ? 'it is missing' : 'it is not a file', file)
  if (stat.size !== size) throw treeDamaged(`it has ${stat.size} bytes, and the index says ${size}`, file)
  const sha256 = digestKind(digest) === 'sha256' ? digestHex(digest) : await hashWeak(file, digestHex(digest))
  return { kind, path, size, sha256: asSha256(sha256), file, place: deltaPath(folder, path), mtime: mtime ?? (kind === 'artifact' ? ARTIFACT_TIME : Math.max(0, Math.floor(stat.mtimeMs / 1000))) }
}

/** The sha256 of a file that the index knows by md5 alone. */
async function hashWeak(path: string, md5: string): Promise<string> {
  await using file = await openFile(path, { follow: true })
  if (file === undefined) throw treeDamaged('it is missing', path)
  const [sha256, weak] = [createHash('sha256'), createHash('md5')]
  for await (const piece of file.pieces(0, file.size)) {
    sha256.update(piece)
    weak.update(piece)
  }
  if (weak.digest('hex') !== md5) throw treeDamaged('its md5 is not that of the index', path)
  return sha256.digest('hex')
}
