import { createHash } from 'node:crypto'
import { basename, dirname, join } from 'node:path'
import { type DeltaManifest, type DeltaTotals, deltaTotals, formatManifest, MANIFEST_PATH, manifestSeal, SIGNATURE_PATH } from '@mirror/delta'
import { syncFolder } from '../files/change-disk.ts'
import { openFile } from '../files/open-file.ts'
import { type ByteSink, createDraft, type DraftFile, removeAbandonedDrafts, writeSmallFile } from '../files/write-file.ts'
import { type SecretKey, signBytes } from '../minisign/minisign.ts'
import { treeDamaged } from '../tree/read-subdir.ts'
import { planDelta, type PlanDeltaOptions, type PlannedDelta, type SourcedEntry } from './plan-delta.ts'
import { type CreateHeads, type HeadMember, type PlannedVolume, planVolumes } from './plan-volumes.ts'
import { writeDirectory } from './write-directory.ts'
import { createTarWriter } from './write-tar.ts'

/** What `createDelta` tells while it writes. */
export interface CreateEvent {
  readonly type: 'delta-entry-added'
  /** From the root of the delta. */
  readonly path: string
  readonly size: number
}

/** Where a delta goes. */
export type DeltaDestination =
  /** A tarball; with `volumeSize` several beside one another, `NAME.vol001.tar` and so on, and `NAME.sha256` for `sha256sum -c`. */
  | { readonly tarball: string; readonly volumeSize?: number | undefined }
  /** A delta directory: an empty folder, or one that was one before and will hold this delta and nothing else. */
  | { readonly directory: string }
  /** A pipe. */
  | { readonly sink: ByteSink }

/** What `createDelta` needs to know. */
export interface CreateDeltaOptions extends PlanDeltaOptions {
  readonly to: DeltaDestination
  /** Signs the manifest. */
  readonly key?: SecretKey | undefined
  /** Look at everything, and write nothing: then `written` is what would be. Default false. */
  readonly dryRun?: boolean | undefined
  readonly observe?: ((event: CreateEvent) => void) | undefined
}

/** What was written. */
export interface CreatedDelta {
  readonly manifest: DeltaManifest
  /** The delta's own name; undefined where nothing changed: an empty tarball has no manifest. */
  readonly seal: string | undefined
  readonly totals: DeltaTotals
  /** The files, or the folder. */
  readonly written: readonly string[]
}

/**
 * Writes what leads from some states to what a mirror holds now. Every file is compared with its digest on the way, and what is written gets its name when all of it is whole. The same mirror gives the same bytes. Throws
 * `TREE_DAMAGED`, `DELTA_VOLUME_TOO_SMALL`, `DELTA_TARGET_FOREIGN` or `FILE_NOT_WRITTEN`.
 */
export async function createDelta({ to, key, dryRun = false, observe = () => undefined, ...options }: CreateDeltaOptions): Promise<CreatedDelta> {
  const planned = await planDelta(options)
  const writing: Writing = { heads: (manifest) => createHeads(manifest, key), dryRun, observe, signal: options.signal }
  return await ('directory' in to ? createDirectory(planned, to.directory, writing) : createTarballs(planned, to, writing))
}

interface Writing extends Adding {
  readonly heads: CreateHeads
  readonly dryRun: boolean
}

async function createDirectory({ manifest, entries }: PlannedDelta, directory: string, { heads, dryRun, ...adding }: Writing): Promise<CreatedDelta> {
  if (!dryRun) await writeDirectory(directory, { entries, heads: heads(manifest), ...adding })
  return describe(manifest, [directory])
}

async function createTarballs(planned: PlannedDelta, to: Exclude<DeltaDestination, { readonly directory: string }>, { heads, dryRun, ...adding }: Writing): Promise<CreatedDelta> {
  // Nothing changed: an empty tar, as the old conda-diff-tar wrote it.
  const isEmpty = planned.manifest.channels.length === 0
  const limit = 'tarball' in to ? to.volumeSize : undefined
  const { manifest, volumes } = isEmpty ? { manifest: planned.manifest, volumes: [{ heads: [], entries: [] }] } : planVolumes(planned, { limit, heads })
  if ('sink' in to) {
    for (const volume of dryRun ? [] : volumes) await writeVolume(volume, to.sink, adding)
    return describe(manifest, [])
  }
  const paths = limit === undefined || isEmpty ? [to.tarball] : volumes.map((_, place) => volumeName(to.tarball, place + 1))
  if (!dryRun) await writeTarballs(volumes, { paths, sums: paths[0] === to.tarball ? undefined : `${stemOf(to.tarball)}.sha256`, ...adding })
  return describe(manifest, paths)
}

function describe(manifest: DeltaManifest, written: readonly string[]): CreatedDelta {
  return { manifest, written, totals: deltaTotals(manifest), seal: manifest.channels.length === 0 ? undefined : manifestSeal(formatManifest(manifest)) }
}

/** The first members: the manifest, and its signature where it is signed. */
export function createHeads(manifest: DeltaManifest, key: SecretKey | undefined): readonly HeadMember[] {
  const bytes = Buffer.from(formatManifest(manifest))
  const head = { path: MANIFEST_PATH, bytes }
  if (key === undefined) return [head]
  return [head, { path: SIGNATURE_PATH, bytes: Buffer.from(signBytes(bytes, { key, comment: `sequence:${manifest.sequence}` })) }]
}

function stemOf(path: string): string {
  return join(dirname(path), basename(path).replace(/\.tar$/, ''))
}

function volumeName(path: string, number: number): string {
  return `${stemOf(path)}.vol${String(number).padStart(3, '0')}.tar`
}

interface Adding {
  readonly observe: (event: CreateEvent) => void
  readonly signal: AbortSignal | undefined
}

interface TarballOptions extends Adding {
  readonly paths: readonly string[]
  /** Where the checksums of the volumes go. */
  readonly sums: string | undefined
}

/** No file gets its name before all are whole. */
async function writeTarballs(volumes: readonly PlannedVolume[], { paths, sums, ...adding }: TarballOptions): Promise<void> {
  const drafts: DraftFile[] = []
  try {
    const lines: string[] = []
    for (const [place, volume] of volumes.entries()) {
      const path = paths[place] ?? ''
      removeAbandonedDrafts(path)
      const draft = createDraft(path)
      drafts.push(draft)
      const hash = createHash('sha256')
      await writeVolume(volume, {
        write(bytes) {
          if (sums !== undefined) hash.update(bytes)
          draft.write(bytes)
        },
      }, adding)
      lines.push(`${hash.digest('hex')}  ${basename(path)}\n`)
    }
    for (const draft of drafts) draft.publish()
    if (sums !== undefined) writeSmallFile(sums, lines.join(''))
    syncFolder(dirname(paths[0] ?? ''))
  } finally {
    for (const draft of drafts) draft.discard()
  }
}

/** 1980-01-01, like artifacts. */
const HEAD_TIME = 315_532_800

async function writeVolume({ heads, entries }: PlannedVolume, sink: ByteSink, { observe, signal }: Adding): Promise<void> {
  const tar = createTarWriter(sink)
  for (const { path, bytes } of heads) await tar.add({ path, size: bytes.length, mtime: HEAD_TIME, pieces: [bytes] })
  for (const entry of entries) {
    signal?.throwIfAborted()
    observe({ type: 'delta-entry-added', path: entry.place, size: entry.size })
    await addEntry(tar, entry)
  }
  await tar.end()
}

async function addEntry(tar: ReturnType<typeof createTarWriter>, { file: path, place, size, mtime, sha256 }: SourcedEntry): Promise<void> {
  await using file = await openFile(path, { follow: true })
  if (file === undefined || file.size !== size) throw treeDamaged('it changed just now', path)
  if (await tar.add({ path: place, size, mtime, pieces: file.pieces(0, size) }) !== sha256) throw treeDamaged('its bytes are not what the index says', path)
}
